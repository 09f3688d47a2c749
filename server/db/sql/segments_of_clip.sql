-- A clip's segments in order, with the keys to open them. Who may see it was decided by clip_access.
-- $1 clip, $2 limit
-- Columns: 0 id, 1 start_us, 2 recording, 3 zero_90k, 4 duration_90k, 5 plain_bytes, 6 sealed_bytes, 7 sealed_digest,
-- 8 wrapped_key, 9 wrapped_key of the household, 10 sample_index, 11 household_id
-- The span around the clip only tells the planner which partitions to look at.
with clip as materialized (
    select camera_id, recording_id, start_us, start_us + duration_ms * 1000 as end_us from clip where id = $1::uuid and deleted_us is null
)
select segment.id, segment.start_us, segment.recording_id, segment.zero_90k, segment.duration_90k, segment.plain_bytes,
       segment.sealed_bytes, segment.sealed_digest, segment.wrapped_key, household.wrapped_key, segment.sample_index,
       segment.household_id
from clip
join segment on segment.recording_id = clip.recording_id
            and segment.start_us between clip.start_us - 3600000000 and clip.end_us + 3600000000
join household on household.id = segment.household_id
where segment.corrupt_us is null
union all
select segment.id, segment.start_us, segment.recording_id, segment.zero_90k, segment.duration_90k, segment.plain_bytes,
       segment.sealed_bytes, segment.sealed_digest, segment.wrapped_key, household.wrapped_key, segment.sample_index,
       segment.household_id
from clip
join segment on segment.camera_id = clip.camera_id and clip.recording_id is null
            and segment.start_us between clip.start_us - 3600000000 and clip.end_us - 1
            and segment.start_us + segment.duration_90k::bigint * 100 / 9 > clip.start_us - 30000000
join household on household.id = segment.household_id
where segment.corrupt_us is null
  and not exists (select from deletion d
                   where d.camera_id = segment.camera_id and d.recording_id = segment.recording_id
                     and d.undone_us is null and d.purged_us is null)
order by 2, 1
limit $2::bigint
