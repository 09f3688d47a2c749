-- More of a body is coming: it is not closed meanwhile.
-- $1 id, $2 camera, $3 expires (us), $4 node
-- the standard columns (ingest/resumable_op.h); no row: it is not open any more
update resumable set expires_us = $3::bigint
where id = $1::uuid and camera_id = $2::uuid and node = $4::text and state = 'open'
returning id, household_id, camera_id, protocol, state, joined, name, kind, started_us, declared_bytes, metadata, array_to_string(parts, ',') as parts,
       broken, clip_id, created_us, expires_us
