-- What a camera kept from a time on, for a view that begins in the past: a few segments, in order. Who may see it was decided.
-- $1 camera, $2 from_us: they end after it, $3 at most so many. The hour before only tells the planner which partitions to look at.
-- Columns: 0 id, 1 start_us, 2 zero_90k, 3 plain_bytes, 4 wrapped_key, 5 wrapped_key of the household, 6 sample_index, 7 household_id,
-- 8 recording_id
select s.id, s.start_us, s.zero_90k, s.plain_bytes, s.wrapped_key, h.wrapped_key, s.sample_index, s.household_id, s.recording_id
from segment s
join household h on h.id = s.household_id
where s.camera_id = $1::uuid
  and s.start_us > $2::bigint - 3600000000
  and segment_end_us(s.start_us, s.duration_90k) > $2::bigint
  and s.corrupt_us is null
order by s.start_us, s.id
limit $3::bigint;
