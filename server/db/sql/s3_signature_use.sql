-- What was asked with this signature is stored.
-- $1 bytea signature  $2 uuid camera  $3 bigint bytes  $4 text ETag
update s3_signature set bytes = $3::bigint, etag = $4::text where signature = $1::bytea and camera_id = $2::uuid;
