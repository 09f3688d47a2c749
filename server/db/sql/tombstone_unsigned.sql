-- Tombstones without a signature, the oldest first. $1 limit
-- columns: 0 id, 1 household_id, 2 camera_id, 3 clip_id, 4 deletion_id, 5 start_us, 6 duration_ms, 7 reason, 8 actor_kind, 9 actor_id,
-- 10 at_us, 11 segments, 12 bytes, 13 content_sha256
select id, household_id, camera_id, clip_id, deletion_id, start_us, duration_ms, reason, actor_kind, actor_id, at_us, segments, bytes,
       content_sha256
from tombstone where signature is null order by id limit $1::bigint
