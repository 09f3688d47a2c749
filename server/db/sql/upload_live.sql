-- An upload has no stated end: what finishing it after a crash needs.
-- $1 upload, $2 recording, $3 clip, $4 name, $5 kind, $6 start as told (us, null = not), $7 request id
update upload set live = true, recording_id = $2::uuid, clip_id = $3::uuid, name = $4::text, kind = $5::text, started_us = $6::bigint,
                  request_id = $7::text
where id = $1::uuid
