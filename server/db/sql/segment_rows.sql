-- Which segments there are in a long span, without what is in them; else as segments_of_span.
-- $1 camera, $2 recording (null: all), $3 from_us, $4 to_us, $5 limit
-- Columns: id, recording, start_us, zero_90k, duration_90k
select segment.id, segment.recording_id, segment.start_us, segment.zero_90k, segment.duration_90k
from segment
where segment.camera_id = $1::uuid
  and ($2::uuid is null or segment.recording_id = $2::uuid)
  and segment.start_us >= $3::bigint - 3600000000 and segment.start_us < $4::bigint
  and segment.start_us + segment.duration_90k::bigint * 100 / 9 > $3::bigint - 30000000
  and segment.corrupt_us is null
  and not exists (select from deletion d
                   where d.camera_id = segment.camera_id and d.recording_id = segment.recording_id
                     and d.undone_us is null and d.purged_us is null)
order by segment.start_us, segment.id
limit $5::bigint
