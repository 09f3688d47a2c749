-- One clip that a camera has sent.
-- $1 clip, $2 camera
-- the standard clip columns (recording/clip.h)
select id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms, upload_bytes,
       upload_sha256, stored_bytes, container, video::text, audio::text, notes::text, partial, created_us, clip_kept(id), late, clock_offset_us
from clip
where id = $1::uuid and camera_id = $2::uuid and deleted_us is null
