-- The household's line about its own grant. The agency has none: it learns of a grant when it becomes visible.
-- $1 uuid grant_id  $2 text action  $3 uuid account_id  $4 bigint now_us  $5 text: id of the HTTP request
insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id, salt)
select uuid_v7($4::bigint), $4::bigint, f.household_id, 'account', $3::uuid, $2::text, 'grant', f.id,
       jsonb_build_object('agency', g.name, 'case', r.case_ref,
                          'files', (select count(*) from grant_item t where t.grant_id = f.id)),
       $5::text, uuid_send(gen_random_uuid())
  from footage_grant f join agency g on g.id = f.agency_id join request r on r.id = f.request_id
 where f.id = $1::uuid;
