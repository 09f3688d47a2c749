-- The live sessions and tokens of an account, the last used first.
-- $1 uuid account_id  $2 bigint now_us
-- columns: id, kind, name, peer, created_us, used_us, expires_us
select id, kind, name, peer, created_us, used_us, expires_us
  from session
 where account_id = $1::uuid and revoked_us is null and idle_end_us > $2::bigint and expires_us > $2::bigint
 order by used_us desc, id
 limit 200;
