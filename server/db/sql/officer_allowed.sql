-- May this address become an officer of this agency? Refused: not_found (no such agency), forbidden (another domain), conflict.
-- $1 uuid agency_id  $2 text email_key
select refuse_unless(exists (select from agency where id = $1::uuid and left_us is null), 'not_found')
       and refuse_unless(exists (select from agency where id = $1::uuid and split_part($2::text, '@', 2) = email_domain), 'forbidden')
       and refuse_unless(not exists (select from account where email_key = $2::text), 'conflict');
