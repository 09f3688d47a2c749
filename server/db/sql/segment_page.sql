-- Some of them, with the keys to open them: those between two places in that order.
-- $1 camera, $2 start_us of the first, $3 start_us of the last, $4 ids as the text of an array
-- Columns: 0 id, 1 start_us, 2 recording, 3 zero_90k, 4 duration_90k, 5 plain_bytes, 6 sealed_bytes, 7 sealed_digest,
-- 8 wrapped_key, 9 wrapped_key of the household, 10 sample_index, 11 household_id
select segment.id, segment.start_us, segment.recording_id, segment.zero_90k, segment.duration_90k, segment.plain_bytes,
       segment.sealed_bytes, segment.sealed_digest, segment.wrapped_key, household.wrapped_key, segment.sample_index,
       segment.household_id
from segment
join household on household.id = segment.household_id
where segment.camera_id = $1::uuid
  and segment.start_us between $2::bigint and $3::bigint
  and segment.id = any ($4::text::uuid[])
order by segment.start_us, segment.id
