-- A new run's clip goes on the record once, with its first piece.
-- $1 entry, $2 now (us), $3 household, $4 camera, $5 the run that the piece made if it made one, $6 request id, $7 salt
insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id, salt)
select $1::uuid, $2::bigint, $3::uuid, 'camera', $4::uuid, 'clip.upload', 'clip', r.clip_id, '{}', $6::text, $7::bytea
from push_run r
where r.id = $5::uuid
