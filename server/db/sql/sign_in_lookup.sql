-- Everything a sign-in needs: who has this address, and until when tries are refused. A person who signed in from this
-- peer before is not held up by failures that others cause on the account.
-- $1 text email_key  $2 text peer  $3 bigint now_us  $4 text: the peer's network, by which failures are counted
-- columns: account_id, officer_id, agency_id, household_id, password_hash, totp_secret, refused_until_us (one row always)
select a.id, o.id, o.agency_id,
       (select m.household_id from membership m where m.account_id = a.id order by m.created_us, m.household_id limit 1),
       coalesce(a.password_hash, o.password_hash), coalesce(a.totp_secret, o.totp_secret),
       greatest(0, (select f.until_us from sign_in_failure f where f.subject = 'peer:' || $4::text),
                (select f.until_us from sign_in_failure f
                  where f.subject = 'account:' || $1::text
                    and not exists (select from session s
                                     where (s.account_id = a.id or s.officer_id = o.id) and s.peer = $2::text
                                       and s.kind = 'cookie' and s.created_us > $3::bigint - 7776000000000)))
  from (values (1)) as one (x)
  left join account a on a.email_key = $1::text and a.disabled_us is null
  left join (officer o join agency g on g.id = o.agency_id and g.suspended_us is null and g.left_us is null)
       on a.id is null and o.email_key = $1::text and o.disabled_us is null;
