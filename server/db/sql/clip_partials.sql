-- Partial clips of a name that a whole upload may complete, newest first, with the sample index of each segment in order.
-- $1 camera, $2 name
-- clip, segment sequence, last of its clip, sample index
select c.id, s.sequence, s.sequence = max(s.sequence) over (partition by c.id), s.sample_index
from (select id, recording_id, start_us from clip
      where camera_id = $1::uuid and name = $2::text and partial and deleted_us is null
      order by start_us desc limit 4) c
join segment s on s.recording_id = c.recording_id
order by c.start_us desc, c.id, s.sequence
limit 256
