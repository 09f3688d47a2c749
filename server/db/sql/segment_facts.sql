-- The same of one segment. $1 segment
-- Columns: 0 camera name, 1 kind, 2 camera, 3 household, 4 from_us, 5 to_us, 6 recording (null: whatever lies in the span)
select camera.name, '', camera.id, camera.household_id, segment.start_us, segment.start_us + segment.duration_90k::bigint * 100 / 9,
       segment.recording_id
from segment join camera on camera.id = segment.camera_id
where segment.id = $1::uuid
