-- Parts of a clip's time that its owner deleted. $1 clip
-- Columns: from_us, to_us; in order
select d.from_us, d.to_us
from clip
join deletion d on d.camera_id = clip.camera_id and d.undone_us is null and d.purged_us is null and d.recording_id is null
               and d.from_us < clip.start_us + clip.duration_ms * 1000 + 60000000 and d.to_us > clip.start_us - 60000000
where clip.id = $1::uuid
order by d.from_us
limit 1000
