-- May the account see the camera's footage? No row: no such camera, or not its own.
-- $1 account, $2 now_us, $3 camera. Columns: rights, start of its first recording (null: none yet)
select membership.rights, (select min(recording.start_us) from recording where recording.camera_id = camera.id)
from camera
join membership on membership.household_id = camera.household_id
where camera.id = $3::uuid
  and camera.removed_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null) -- for signed links
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
