-- End every secret of a camera, now: with them its S3 keys and access tokens.
-- $1 uuid camera_id  $2 bigint now_us
with keys as (
    update s3_key set revoked_us = $2::bigint where camera_id = $1::uuid and revoked_us is null
), tokens as (
    update camera_token set revoked_us = $2::bigint where camera_id = $1::uuid and revoked_us is null
)
update camera_secret set revoked_us = $2::bigint where camera_id = $1::uuid and revoked_us is null;
