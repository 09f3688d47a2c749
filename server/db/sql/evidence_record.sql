-- The download goes on record before its first byte, in the giver's ledger and the agency's, with the officer's name. Refused
-- (not_found) when the grant was withdrawn meanwhile.
-- $1 uuid grant_id  $2 uuid officer_id  $3 bigint now_us  $4 uuid grant item id  $5 text: id of the HTTP request  $6 text range
with given as (
    update footage_grant f set downloaded_us = coalesce(f.downloaded_us, $3::bigint)
      from officer o
     where f.id = $1::uuid and o.id = $2::uuid and o.agency_id = f.agency_id
       and f.visible_us <= $3::bigint and f.withdrawn_us is null and f.expires_us > $3::bigint
    returning f.id, f.household_id, f.agency_id, f.request_id, o.name, o.badge
), recorded as (
    insert into ledger_entry (id, at_us, household_id, agency_id, actor_kind, actor_id, action, subject_kind, subject_id, detail,
                              request_id, salt)
    select uuid_v7($3::bigint), $3::bigint, given.household_id, given.agency_id, 'officer', $2::uuid, 'grant.download', 'grant',
           given.id, jsonb_build_object('officer', given.name, 'badge', given.badge, 'agency', g.name, 'case', r.case_ref,
                                        'file', $4::uuid, 'range', $6::text),
           $5::text, uuid_send(gen_random_uuid())
      from given join agency g on g.id = given.agency_id join request r on r.id = given.request_id
)
select refuse_unless(exists (select from given), 'not_found');
