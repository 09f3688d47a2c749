-- Begin a part.
-- $1 uuid body  $2 uuid upload  $3 uuid camera  $4 text key  $5 bigint number  $6 bigint now_us  $7 bigint declared bytes
-- $8 bigint all parts of a camera at most
-- columns: the upload is there, the part may come
with mine as (
    select id from s3_upload where id = $2::uuid and camera_id = $3::uuid and key = $4::text and etag is null for share
), used as (
    select coalesce(sum(p.bytes), 0) as bytes from s3_part p join s3_upload u on u.id = p.upload_id where u.camera_id = $3::uuid
), opened as (
    insert into s3_part (body_id, upload_id, number, state, bytes, etag, modified_us)
    select $1::uuid, mine.id, $5::bigint, 'open', $7::bigint, '', $6::bigint from mine, used
     where used.bytes + $7::bigint <= $8::bigint
    returning body_id
)
select exists (select from mine), exists (select from opened);
