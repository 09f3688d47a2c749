-- $1 id, $2 household, $3 camera, $4 recording, $5 kind, $6 name, $7 start (us), $8 start source, $9 arrived (us),
-- $10 duration (ms), $11 upload bytes, $12 upload SHA-256, $13 stored bytes, $14 container, $15 video codec, $16 width, $17 height,
-- $18 rotation (degrees clockwise), $19 audio codec (null = silent), $20 channels, $21 sample rate, $22 notes (a sentence a line),
-- $23 partial, $24 now (us), $25 late, $26 camera's clock minus the server's (us, null = not known)
-- video, audio and notes as JSON text
insert into clip (id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms,
                  upload_bytes, upload_sha256, stored_bytes, container, video, audio, notes, partial, created_us,
                  late, clock_offset_us)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::text, $7::bigint, $8::text, $9::bigint, $10::bigint,
        $11::bigint, $12::bytea, $13::bigint, $14::text,
        jsonb_build_object('codec', $15::text, 'width', $16::bigint, 'height', $17::bigint, 'rotation', $18::bigint),
        case when $19::text is not null
             then jsonb_build_object('codec', $19::text, 'channels', $20::bigint, 'sample_rate', $21::bigint) end,
        to_jsonb(array_remove(string_to_array($22::text, E'\n'), '')), $23::boolean, $24::bigint, $25::boolean,
        $26::bigint)
returning video::text, audio::text, notes::text
