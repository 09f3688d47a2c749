-- What was asked with this signature was not stored: it may be sent again.
-- $1 bytea signature  $2 uuid camera
delete from s3_signature where signature = $1::bytea and camera_id = $2::uuid and bytes is null;
