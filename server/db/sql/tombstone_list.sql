-- Signed tombstones in order of id, for checking. $1 after this id, $2 limit
-- columns: as tombstone_unsigned, then 14 signature, 15 public_key
select id, household_id, camera_id, clip_id, deletion_id, start_us, duration_ms, reason, actor_kind, actor_id, at_us, segments, bytes,
       content_sha256, signature, public_key
from tombstone where signature is not null and id > $1::uuid order by id limit $2::bigint
