-- Parts of a camera's time that its owner deleted. $1 camera, $2 from_us, $3 to_us
-- Columns: from_us, to_us; in order
select d.from_us, d.to_us
from deletion d
where d.camera_id = $1::uuid and d.undone_us is null and d.purged_us is null and d.recording_id is null
  and d.from_us < $3::bigint and d.to_us > $2::bigint
order by d.from_us
limit 1000
