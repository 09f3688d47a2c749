-- Whose address is this: an account or an officer.
-- $1 text email_key
-- columns: account_id, officer_id, agency_id (one row at most)
select a.id, null::uuid, null::uuid from account a where a.email_key = $1::text and a.disabled_us is null
union all
select null::uuid, o.id, o.agency_id from officer o where o.email_key = $1::text and o.disabled_us is null;
