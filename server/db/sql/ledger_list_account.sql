-- The entries of an account's households, the latest first.
-- $1 uuid account_id  $2 bigint now_us  $3 uuid: entries before this one, or null  $4 bigint limit
-- columns: id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id
select e.id, e.at_us, e.household_id, e.actor_kind, e.actor_id, e.action, e.subject_kind, e.subject_id, e.detail::text,
       e.request_id
  from membership m
 cross join lateral (select * from ledger_entry l
                      where l.household_id = m.household_id and ($3::uuid is null or l.id < $3::uuid)
                      order by l.id desc limit $4::bigint) e
 where m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $2::bigint)
 order by e.id desc
 limit $4::bigint;
