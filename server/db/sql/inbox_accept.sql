-- Take down the acceptance, before the grant's rows of the same transaction. Refused: not_found, forbidden (no right to answer
-- and share), conflict (answered), gone (the request is over).
-- $1 uuid item_id  $2 uuid account_id  $3 bigint now_us
with mine as (
    select i.id, i.answer, m.rights, r.expires_us, r.state
      from request_recipient i join membership m on m.household_id = i.household_id join request r on r.id = i.request_id
     where i.id = $1::uuid and m.account_id = $2::uuid and (m.ends_us is null or m.ends_us > $3::bigint)
       for update of i
), done as (
    update request_recipient i set answer = 'accepted', answered_us = $3::bigint, answered_by = $2::uuid
      from mine
     where i.id = mine.id and mine.answer is null
)
select refuse_unless(exists (select from mine), 'not_found')
       and refuse_unless(exists (select from mine where rights & 80 = 80), 'forbidden')
       and refuse_unless(exists (select from mine where answer is null), 'conflict: This was answered before.')
       and refuse_unless(exists (select from mine where state = 'published' and expires_us > $3::bigint), 'gone: The request is over.');
