-- May the account see the clip? No row: no such clip, or not its own. Runs for every range of every clip: keep it cheap.
-- $1 account, $2 now_us, $3 clip. Columns: rights of the account in the clip's household (bits, history among them), a number that is
-- another one when what the clip shows has changed
select membership.rights,
       case when clip.recording_id is not null then clip.version
            else footage_print(clip.camera_id, clip.start_us, clip.start_us + clip.duration_ms * 1000) end
from clip
join membership on membership.household_id = clip.household_id
where clip.id = $3::uuid
  and clip.deleted_us is null
  and membership.account_id = $1::uuid
  and membership.rights & 2 <> 0
  and exists (select from account where account.id = membership.account_id and account.disabled_us is null) -- for signed links
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
