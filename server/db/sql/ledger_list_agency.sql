-- The entries of an agency, the latest first; never whose household it was.
-- $1 uuid agency_id  $2 uuid: entries before this one, or null  $3 bigint limit
-- columns: id, at_us, household_id (null), actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id
select e.id, e.at_us, null::uuid, e.actor_kind, e.actor_id, e.action, e.subject_kind, e.subject_id, e.detail::text, e.request_id
  from ledger_entry e
 where e.agency_id = $1::uuid and ($2::uuid is null or e.id < $2::uuid)
 order by e.id desc
 limit $3::bigint;
