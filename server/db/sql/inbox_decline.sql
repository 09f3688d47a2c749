-- Decline an inbox item. Refused: not_found, forbidden (no right to answer), conflict (accepted). Again: no change.
-- $1 uuid item_id  $2 uuid account_id  $3 bigint now_us  $4 text: id of the HTTP request
with mine as (
    select i.id, i.answer, m.rights
      from request_recipient i join membership m on m.household_id = i.household_id
     where i.id = $1::uuid and m.account_id = $2::uuid and (m.ends_us is null or m.ends_us > $3::bigint)
       for update of i
), done as (
    update request_recipient i set answer = 'declined', answered_us = $3::bigint, answered_by = $2::uuid
      from mine
     where i.id = mine.id and mine.rights & 64 <> 0 and mine.answer is null
    returning i.request_id, i.household_id
), recorded as (
    insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, request_id, salt)
    select uuid_v7($3::bigint), $3::bigint, done.household_id, 'account', $2::uuid, 'grant.decline', 'request', done.request_id,
           $4::text, uuid_send(gen_random_uuid())
      from done
)
select refuse_unless(exists (select from mine), 'not_found')
       and refuse_unless(exists (select from mine where rights & 64 <> 0), 'forbidden')
       and refuse_unless(not exists (select from mine where answer = 'accepted'),
                         'conflict: This was accepted; withdraw what was given instead.');
