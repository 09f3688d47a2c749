-- $1 uuid account_id
-- columns: email, name
select email, name from account where id = $1::uuid;
