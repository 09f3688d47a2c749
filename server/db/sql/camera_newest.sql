-- Where a camera's newest footage ends, as far as it is shown. $1 camera, $2 now_us. Columns: end (us)
select segment.start_us + segment.duration_90k::bigint * 100 / 9
from segment
where segment.camera_id = $1::uuid and segment.corrupt_us is null
  and segment.start_us > $2::bigint - 315360000000000
  and not is_hidden(segment.camera_id, segment.recording_id, segment.start_us, segment_end_us(segment.start_us, segment.duration_90k))
order by segment.start_us desc
limit 1
