-- Parts of a segment's time that its owner deleted. $1 segment
-- Columns: from_us, to_us; in order
select d.from_us, d.to_us
from segment
join deletion d on d.camera_id = segment.camera_id and d.undone_us is null and d.purged_us is null and d.recording_id is null
               and d.from_us < segment.start_us + segment.duration_90k::bigint * 100 / 9 + 10000000
               and d.to_us > segment.start_us - 10000000
where segment.id = $1::uuid
order by d.from_us
limit 1000
