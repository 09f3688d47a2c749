-- One entry, in the transaction of the thing it records.
-- Without a household: an entry about a camera goes to its household's log, one by or about
-- an account to that of the account's first household.
-- $1 uuid id  $2 bigint at_us  $3 uuid household_id  $4 uuid agency_id  $5 text actor_kind  $6 uuid actor_id  $7 text action
-- $8 text subject_kind  $9 uuid subject_id  $10 text detail (JSON object)  $11 text request_id  $12 bytea salt
insert into ledger_entry (id, at_us, household_id, agency_id, actor_kind, actor_id, action, subject_kind, subject_id, detail,
                          request_id, salt)
values ($1::uuid, $2::bigint,
        coalesce($3::uuid, (select c.household_id from camera c where $8::text = 'camera' and c.id = $9::uuid),
                 (select m.household_id from membership m
                   where m.account_id = case when $5::text = 'account' then $6::uuid when $8::text = 'account' then $9::uuid end
                   order by m.created_us, m.household_id limit 1)),
        $4::uuid, $5::text, $6::uuid, $7::text, $8::text, $9::uuid, $10::text::jsonb, $11::text, $12::bytea);
