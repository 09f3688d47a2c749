-- The live session of a token and who it is. Use moves its idle end, at most once a minute.
-- $1 bytea: SHA-256 of the token  $2 bigint: now_us
-- columns: id, cookie, account_id, officer_id, agency_id, role, csrf, expires_us
with touched as (
    update session
       set used_us = $2::bigint, idle_end_us = least(expires_us, $2::bigint + (idle_end_us - used_us))
     where token_hash = $1::bytea and used_us < $2::bigint - 60000000 and revoked_us is null
       and idle_end_us > $2::bigint and expires_us > $2::bigint
)
select s.id, s.kind = 'cookie', s.account_id, s.officer_id, o.agency_id, coalesce(o.role, ''), s.csrf, s.expires_us
  from session s
  left join account a on a.id = s.account_id
  left join officer o on o.id = s.officer_id
  left join agency g on g.id = o.agency_id
 where s.token_hash = $1::bytea and s.revoked_us is null and s.idle_end_us > $2::bigint and s.expires_us > $2::bigint
   and a.disabled_us is null and o.disabled_us is null and g.suspended_us is null and g.left_us is null;
