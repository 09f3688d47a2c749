-- May this account manage this camera? Refused: not_found when it is not theirs, forbidden without the right.
-- $1 uuid camera_id  $2 uuid account_id  $3 bigint now_us
with mine as (
    select m.rights
      from camera c join membership m on m.household_id = c.household_id
     where c.id = $1::uuid and c.removed_us is null and m.account_id = $2::uuid and (m.ends_us is null or m.ends_us > $3::bigint)
)
select refuse_unless(exists (select from mine), 'not_found')
       and refuse_unless(exists (select from mine where rights & 32 <> 0), 'forbidden');
