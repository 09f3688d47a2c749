-- End the permanent S3 keys of a camera (the short-lived ones are renewed by themselves).
-- $1 uuid camera  $2 bigint now_us
update s3_key set revoked_us = $2::bigint where camera_id = $1::uuid and expires_us is null and revoked_us is null;
