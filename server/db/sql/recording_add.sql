-- $1 id, $2 household, $3 camera, $4 start (us), $5 now (us), $6 start source, $7 arrived (us), $8 container, $9 video codec, $10 width,
-- $11 height, $12 rotation (degrees clockwise), $13 audio codec (null = silent), $14 channels, $15 sample rate, $16 late,
-- $17 camera's clock minus the server's (us, null = not known), $18 end (us, null = it still grows)
insert into recording (id, household_id, camera_id, start_us, created_us, start_source, arrived_us, container, video, audio, late,
                       clock_offset_us, ended_us)
values ($1::uuid, $2::uuid, $3::uuid, $4::bigint, $5::bigint, $6::text, $7::bigint, $8::text,
        jsonb_build_object('codec', $9::text, 'width', $10::bigint, 'height', $11::bigint, 'rotation', $12::bigint),
        case when $13::text is not null
             then jsonb_build_object('codec', $13::text, 'channels', $14::bigint, 'sample_rate', $15::bigint) end,
        $16::boolean, $17::bigint, $18::bigint)
