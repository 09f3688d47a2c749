-- The households of an account.
-- $1 uuid account_id  $2 bigint now_us
-- columns: id, name, rights
select h.id, h.name, m.rights
  from membership m join household h on h.id = m.household_id
 where m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $2::bigint)
 order by m.created_us, h.id
 limit 200;
