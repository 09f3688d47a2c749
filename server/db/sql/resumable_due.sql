-- What has waited long enough: bodies to which nothing more came are closed, whole ones are due to become clips, old ones are forgotten.
-- $1 node, $2 now (us), $3 lease: whose it is until then (us), $4 at most
-- the standard columns (ingest/resumable_op.h) of those to become clips
with due as (
    select id from resumable where node = $1::text and expires_us <= $2::bigint order by expires_us limit $4::bigint for update skip locked
), forgotten as (
    delete from resumable r using due where r.id = due.id and r.state = 'done'
)
update resumable r set state = 'whole', expires_us = $3::bigint,
       broken = case when r.state = 'whole' then r.broken else r.declared_bytes is not null or r.protocol = 'tus' end
from due
where r.id = due.id and r.state <> 'done'
returning r.id, r.household_id, r.camera_id, r.protocol, r.state, r.joined, r.name, r.kind, r.started_us, r.declared_bytes, r.metadata,
          array_to_string(r.parts, ',') as parts, r.broken, r.clip_id, r.created_us, r.expires_us
