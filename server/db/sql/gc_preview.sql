-- What would be erased now, by camera and reason. $1 now_us
-- columns: 0 household, 1 camera (null: the household as a whole), 2 name, 3 reason, 4 segments (null: as many as it takes), 5 bytes,
-- 6 held segments, 7 held bytes
select household, camera, name, reason, segments, bytes, held_segments, held_bytes from gc_preview($1::bigint)
