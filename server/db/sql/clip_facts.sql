-- What a clip's file name is made of. Who may see it was decided by clip_access. $1 clip
-- Columns: camera name, kind
select camera.name, clip.kind
from clip join camera on camera.id = clip.camera_id
where clip.id = $1::uuid and clip.deleted_us is null
