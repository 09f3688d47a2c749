-- What a clip is called and covers. Who may see it was decided by clip_access. $1 clip
-- Columns: 0 camera name, 1 kind, 2 camera, 3 household, 4 from_us, 5 to_us, 6 recording (null: whatever lies in the span)
select camera.name, clip.kind, camera.id, camera.household_id, clip.start_us, clip.start_us + clip.duration_ms * 1000, clip.recording_id
from clip join camera on camera.id = clip.camera_id
where clip.id = $1::uuid and clip.deleted_us is null
