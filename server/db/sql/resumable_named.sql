-- The body that a camera sends (or last sent) under a name with Content-Range.
-- $1 camera, $2 name, $3 node
-- the standard columns (ingest/resumable_op.h)
select id, household_id, camera_id, protocol, state, joined, name, kind, started_us, declared_bytes, metadata, array_to_string(parts, ',') as parts,
       broken, clip_id, created_us, expires_us
from resumable
where camera_id = $1::uuid and name = $2::text and protocol = 'range' and node = $3::text
order by state = 'open' desc, created_us desc
limit 1
