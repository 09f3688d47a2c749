-- May the account see this span of a camera? As clip_access.
-- $1 account, $2 now_us, $3 camera, $4 from_us, $5 to_us. Columns: rights, a number that is another one when its footage has changed
select membership.rights, footage_print(camera.id, $4::bigint, $5::bigint)
from camera
join membership on membership.household_id = camera.household_id
where camera.id = $3::uuid
  and camera.removed_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null) -- for signed links
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
