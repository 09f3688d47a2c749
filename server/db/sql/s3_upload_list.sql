-- The multipart uploads a camera has open.
-- $1 uuid camera
-- columns: key, id, created_us
select key, id, created_us from s3_upload where camera_id = $1::uuid and etag is null order by key, created_us limit 1000;
