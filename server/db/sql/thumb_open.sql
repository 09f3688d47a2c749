-- A sprite of a camera, if the account may see the camera's footage.
-- $1 account, $2 now_us, $3 camera, $4 sprite
-- Columns: household, plain_bytes, wrapped key, wrapped key of the household, slot
select sprite.household_id, sprite.plain_bytes, sprite.wrapped_key, household.wrapped_key, sprite.slot
from sprite
join camera on camera.id = sprite.camera_id
join household on household.id = sprite.household_id
join membership on membership.household_id = camera.household_id
where sprite.id = $4::uuid and sprite.camera_id = $3::uuid and sprite.made_us is not null
  and camera.removed_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null) -- for signed links
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
