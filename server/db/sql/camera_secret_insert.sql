-- A new secret for a camera.
-- $1 uuid id  $2 uuid camera_id  $3 bytea secret_hash  $4 bigint now_us
insert into camera_secret (id, camera_id, secret_hash, created_us) values ($1::uuid, $2::uuid, $3::bytea, $4::bigint);
