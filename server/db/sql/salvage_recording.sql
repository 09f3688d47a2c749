-- What a recording has already. $1 recording
-- start (us), sequence of the next segment, has a clip. No row: it is not there yet
select r.start_us, (select coalesce(max(s.sequence) + 1, 0) from segment s where s.recording_id = r.id),
       exists (select from clip k where k.recording_id = r.id)
from recording r where r.id = $1::uuid
