-- End every secret of a camera, now.
-- $1 uuid camera_id  $2 bigint now_us
update camera_secret set revoked_us = $2::bigint where camera_id = $1::uuid and revoked_us is null;
