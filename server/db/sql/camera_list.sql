-- The cameras of an account's households.
-- $1 uuid account_id  $2 bigint now_us
-- columns: id, name, household_id, enabled, created_us, last_clip_us (null: none yet)
select c.id, c.name, c.household_id, c.enabled, c.created_us,
       (select k.start_us from clip k where k.camera_id = c.id and k.deleted_us is null order by k.start_us desc, k.id desc limit 1)
  from membership m join camera c on c.household_id = m.household_id
 where m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $2::bigint) and c.removed_us is null
 order by c.created_us, c.id
 limit 1000;
