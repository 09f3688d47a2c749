-- Hide a clip, or a span of a camera, from now on; it is erased when the undo time is over. Refused: not_found, forbidden.
-- $1 new id, $2 account, $3 camera (null with a clip), $4 clip or null, $5 from_us, $6 to_us (of a span), $7 now_us, $8 id of the HTTP
-- request. Columns: 0 camera_id, 1 from_us, 2 to_us, 3 undo until (us), 4 something of it is held
select camera_id, from_us, to_us, undo_us, held
from deletion_make($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::bigint, $6::bigint, $7::bigint, $8::text)
