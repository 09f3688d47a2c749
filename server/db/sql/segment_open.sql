-- The same for one that is not loaded, which must be there.
-- $1 account, $2 now_us, $3 camera, $4 segment. Columns: as segment_access, recording
select membership.rights,
       recording.version,
       recording.id
from camera
join membership on membership.household_id = camera.household_id
join segment on segment.id = $4::uuid and segment.camera_id = camera.id and segment.corrupt_us is null
join recording on recording.id = segment.recording_id
where camera.id = $3::uuid
  and camera.removed_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null)
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
