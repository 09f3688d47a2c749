-- One step of the sweep: of the camera whose turn it is, what is past its time or over the camera's quota goes.
-- $1 now_us, $2 time between two sweeps of a camera (us), $3 segments at most
-- columns: 0 camera (null: it is nobody's turn), 1 segments, 2 bytes, 3 held, 4 segments over quota, 5 bytes over quota,
-- 6 there may be more, 7 above its soft limit, 8 halted: an unusual share was to go
select camera, segments, bytes, held, over_segments, over_bytes, coalesce(more, false), coalesce(soft, false), coalesce(halted, false)
from sweep_next($1::bigint, $2::bigint, $3::bigint::integer)
