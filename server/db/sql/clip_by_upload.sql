-- The clip that the same bytes under the same name made before.
-- $1 camera, $2 name, $3 SHA-256 of the upload
-- the standard clip columns (recording/clip.h)
select id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms, upload_bytes,
       upload_sha256, stored_bytes, container, video::text, audio::text, notes::text, partial, created_us, clip_kept(id), late, clock_offset_us
from clip
where camera_id = $1::uuid and name = $2::text and upload_sha256 = $3::bytea and deleted_us is null
