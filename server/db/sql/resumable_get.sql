-- One resumable body of a camera.
-- $1 id, $2 camera, $3 node
-- the standard columns (ingest/resumable_op.h)
select id, household_id, camera_id, protocol, state, joined, name, kind, started_us, declared_bytes, metadata, array_to_string(parts, ',') as parts,
       broken, clip_id, created_us, expires_us
from resumable
where id = $1::uuid and camera_id = $2::uuid and node = $3::text
