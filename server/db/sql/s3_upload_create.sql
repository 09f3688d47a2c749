-- Begin a multipart upload.
-- $1 uuid id  $2 uuid camera  $3 text key  $4 text content type  $5 text metadata  $6 bigint now_us
-- One row, or none: the camera has too many open.
insert into s3_upload (id, camera_id, key, content_type, metadata, created_us)
select $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::bigint
 where (select count(*) from s3_upload where camera_id = $2::uuid and etag is null) < 32
returning id;
