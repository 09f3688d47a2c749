-- The same of a span of a camera. $1 camera, $2 from_us, $3 to_us
-- Columns: 0 camera name, 1 kind, 2 camera, 3 household, 4 from_us, 5 to_us, 6 recording (null: whatever lies in the span)
select camera.name, '', camera.id, camera.household_id, $2::bigint, $3::bigint, null::uuid
from camera
where camera.id = $1::uuid
