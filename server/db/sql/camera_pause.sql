-- The camera is switched off: from now on its timeline has a gap with that reason. One that is open already stays.
-- $1 uuid gap_id  $2 uuid camera_id  $3 bigint now_us
insert into gap (id, household_id, camera_id, from_us, reason, created_us)
select $1::uuid, household_id, id, $3::bigint, 'paused', $3::bigint from camera where id = $2::uuid
on conflict (camera_id, reason) where to_us is null do nothing;
