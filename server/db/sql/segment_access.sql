-- May the account see a segment of a camera that is loaded already? As clip_access: runs for every piece of a playlist.
-- $1 account, $2 now_us, $3 camera, $4 recording, $5 from_us, $6 to_us of the segment. Columns: rights, a number that is another one when its footage has changed
select membership.rights,
       coalesce((select bit_xor(hashtextextended(d.id::text, 0))
                 from deletion d
                 where d.camera_id = camera.id and d.undone_us is null and d.purged_us is null
                   and d.from_us < $6::bigint + 60000000 and d.to_us > $5::bigint - 60000000), 0)
           # coalesce((select version from recording where id = $4::uuid), 0)
from camera
join membership on membership.household_id = camera.household_id
where camera.id = $3::uuid
  and camera.removed_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null) -- for signed links
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
