-- $1 uuid household_id  $2 uuid account_id  $3 bigint rights  $4 bigint now_us
insert into membership (household_id, account_id, rights, created_us)
values ($1::uuid, $2::uuid, $3::bigint::integer, $4::bigint);
