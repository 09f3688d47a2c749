-- One segment, with the key to open it. Who may see it was decided by segment_open. $1 segment
-- Columns: 0 id, 1 start_us, 2 recording, 3 zero_90k, 4 duration_90k, 5 plain_bytes, 6 sealed_bytes, 7 sealed_digest,
-- 8 wrapped_key, 9 wrapped_key of the household, 10 sample_index, 11 household_id
select segment.id, segment.start_us, segment.recording_id, segment.zero_90k, segment.duration_90k, segment.plain_bytes,
       segment.sealed_bytes, segment.sealed_digest, segment.wrapped_key, household.wrapped_key, segment.sample_index,
       segment.household_id
from segment
join household on household.id = segment.household_id
where segment.id = $1::uuid
  and not exists (select from deletion d
                   where d.camera_id = segment.camera_id and d.recording_id = segment.recording_id
                     and d.undone_us is null and d.purged_us is null)
