-- A segment of which only a part is deleted. $1 deletion, $2 now_us
-- columns: 0 id, 1 start_us, 2 household, 3 camera, 4 recording, 5 sequence, 6 plain_bytes, 7 wrapped key, 8 wrapped key of the
-- household, 9 sample index, 10 created_us, 11 from_us, 12 to_us (of the deletion)
select s.id, s.start_us, s.household_id, s.camera_id, s.recording_id, s.sequence, s.plain_bytes, s.wrapped_key, h.wrapped_key,
       s.sample_index, s.created_us, d.from_us, d.to_us
from deletion d
cross join lateral (select f.id, f.start_us from deletion_footage(d, $2::bigint) f where not f.whole and f.held_us is null limit 1) f
join segment s on s.id = f.id and s.start_us = f.start_us
join household h on h.id = s.household_id
where d.id = $1::uuid and d.undone_us is null and d.purged_us is null
