-- The same for what the server does by itself. $1 camera, $2 from_us, $3 to_us. Columns: as span_access, without rights
select 0, footage_print(camera.id, $2::bigint, $3::bigint)
from camera
where camera.id = $1::uuid and camera.removed_us is null
