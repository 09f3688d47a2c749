-- May the account see a segment of a camera that is loaded already? As clip_access: runs for every piece of a playlist.
-- $1 account, $2 now_us, $3 camera, $4 recording. Columns: rights, a number that is another one when its footage has changed
select membership.rights,
       (select version from recording where id = $4::uuid)
from camera
join membership on membership.household_id = camera.household_id
where camera.id = $3::uuid
  and camera.removed_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null) -- for signed links
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
