-- The row of a piece that goes into the spool, before its first byte does. No row back: the camera is removed, off, or over its quota.
-- $1 piece, $2 camera, $3 stem, $4 track, $5 number, $6 a number that is no digest (32 bytes), $7 node, $8 now (us), $9 kind, $10 file name,
-- $11 started (us; 0: not told), $12 brings its own header
insert into push_piece (id, camera_id, stem, track, number, sha256, bytes, state, node, due_us, received_us, kind, file, started_us,
                        own_header)
select $1::uuid, c.id, $3::text, $4::integer, $5::bigint, $6::bytea, 0, 'arriving', $7::text, $8::bigint, $8::bigint, $9::text, $10::text,
       nullif($11::bigint, 0), $12::boolean
from camera c
where c.id = $2::uuid and c.enabled and c.removed_us is null and coalesce(camera_room(c.id) > 0, true)
returning true
