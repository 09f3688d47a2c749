-- A clip's segments in order, with the keys to open them. Who may see it was decided by clip_get. $1 clip
-- Columns: 0 id, 1 start_us, 2 sequence, 3 zero_90k, 4 duration_90k, 5 plain_bytes, 6 sealed_bytes, 7 sealed_digest,
-- 8 wrapped_key, 9 wrapped_key of the household, 10 sample_index, 11 household_id
-- The span around the clip only tells the planner which partitions to look at.
select segment.id, segment.start_us, segment.sequence, segment.zero_90k, segment.duration_90k, segment.plain_bytes,
       segment.sealed_bytes, segment.sealed_digest, segment.wrapped_key, household.wrapped_key, segment.sample_index,
       segment.household_id
from clip
join household on household.id = clip.household_id
join segment on segment.recording_id = clip.recording_id
            and segment.start_us between clip.start_us - 3600000000
                                     and clip.start_us + clip.duration_ms * 1000 + 3600000000
where clip.id = $1::uuid
  and clip.deleted_us is null
order by segment.sequence
