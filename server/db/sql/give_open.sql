-- The row that owns the copies of an answer until its commit.
-- $1 uuid upload_id  $2 uuid camera_id  $3 text node  $4 bigint now_us
insert into upload (id, camera_id, node, created_us) values ($1::uuid, $2::uuid, $3::text, $4::bigint);
