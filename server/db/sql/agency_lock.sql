-- One request of an agency at a time, so that its limits hold. Refused: forbidden when it may not ask (now).
-- $1 uuid agency_id
with held as (
    select id from agency where id = $1::uuid and suspended_us is null and left_us is null for update
)
select refuse_unless(exists (select from held), 'forbidden: The agency may not ask at the moment.');
