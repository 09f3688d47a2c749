-- The camera a secret belongs to.
-- $1 bytea: SHA-256 of the secret
-- columns: id, household_id, enabled
select c.id, c.household_id, c.enabled
  from camera_secret s join camera c on c.id = s.camera_id
 where s.secret_hash = $1::bytea and s.revoked_us is null and c.removed_us is null;
