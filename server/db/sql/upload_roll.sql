-- An endless upload goes on in a new recording.
-- $1 upload, $2 recording, $3 clip
update upload set recording_id = $2::uuid, clip_id = $3::uuid where id = $1::uuid
