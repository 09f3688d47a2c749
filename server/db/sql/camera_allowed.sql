-- May the account do this with the camera? Refused: not_found (not its own), forbidden (without the rights).
-- $1 account, $2 camera, $3 rights (bits), $4 now_us
with mine as (
    select m.rights
    from camera c join membership m on m.household_id = c.household_id
    where c.id = $2::uuid and c.removed_us is null and m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $4::bigint)
)
select refuse_unless(exists (select from mine), 'not_found')
       and refuse_unless(exists (select from mine where rights & $3::integer = $3::integer), 'forbidden')
