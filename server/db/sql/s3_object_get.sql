-- One object as HeadObject shows it.
-- $1 uuid camera  $2 text key
-- columns: bytes, ETag, content type, metadata, modified_us
select bytes, etag, content_type, metadata, modified_us from s3_object where camera_id = $1::uuid and key = $2::text;
