-- Take a grant back: access ends, its objects become garbage. Refused: not_found, forbidden. Again: no change.
-- $1 uuid grant_id  $2 uuid account_id  $3 bigint now_us  $4 text: id of the HTTP request
with mine as (
    select f.id, m.rights
      from footage_grant f join membership m on m.household_id = f.household_id
     where f.id = $1::uuid and m.account_id = $2::uuid and (m.ends_us is null or m.ends_us > $3::bigint)
       for update of f
), done as (
    update footage_grant f set withdrawn_us = $3::bigint
      from mine
     where f.id = mine.id and mine.rights & 64 <> 0 and f.withdrawn_us is null
    returning f.id, f.household_id, f.agency_id, f.request_id, f.downloaded_us
), dropped as (
    delete from grant_segment s using grant_item t, done
     where t.grant_id = done.id and s.item_id = t.id
    returning s.object_id
), thrown as (
    insert into garbage (object_id, reason, since_us) select object_id, 'withdrawn', $3::bigint from dropped
), recorded as (
    insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id,
                              salt)
    select uuid_v7($3::bigint), $3::bigint, done.household_id, 'account', $2::uuid, 'grant.withdraw', 'grant', done.id,
           jsonb_build_object('agency', g.name, 'case', r.case_ref, 'after_download', done.downloaded_us is not null),
           $4::text, uuid_send(gen_random_uuid())
      from done join agency g on g.id = done.agency_id join request r on r.id = done.request_id
)
select refuse_unless(exists (select from mine), 'not_found')
       and refuse_unless(exists (select from mine where rights & 64 <> 0), 'forbidden');
