-- A multipart upload.
-- $1 uuid id  $2 uuid camera  $3 text key
-- columns: ETag (null: not complete), content type, metadata
select etag, content_type, metadata from s3_upload where id = $1::uuid and camera_id = $2::uuid and key = $3::text;
