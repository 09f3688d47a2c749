-- A person's account; refused (conflict) when an officer signs in with that address.
-- $1 uuid id  $2 text email  $3 text email_key  $4 text name  $5 text password_hash  $6 bigint now_us
insert into account (id, email, email_key, name, password_hash, created_us)
select $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::bigint
 where refuse_unless(not exists (select from officer where email_key = $3::text), 'conflict');
