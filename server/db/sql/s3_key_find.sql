-- The camera an S3 access key belongs to.
-- $1 text access key  $2 bigint now_us
-- columns: camera, household, enabled, salt, SHA-256 of the session token (null: permanent), expired
select c.id, c.household_id, c.enabled, k.salt, k.token_hash, coalesce(k.expires_us <= $2::bigint, false)
  from s3_key k join camera c on c.id = k.camera_id
 where k.access_key = $1::text and k.revoked_us is null and c.removed_us is null;
