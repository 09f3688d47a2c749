-- The camera of an access token, or of a secret of its own.
-- $1 bytea SHA-256 of what was presented  $2 bigint now_us
-- columns: id, household_id, enabled
select c.id, c.household_id, c.enabled
  from camera c
 where c.removed_us is null
   and c.id in (select t.camera_id from camera_token t
                 where t.token_hash = $1::bytea and t.revoked_us is null and t.expires_us > $2::bigint
                union all
                select s.camera_id from camera_secret s where s.secret_hash = $1::bytea and s.revoked_us is null);
