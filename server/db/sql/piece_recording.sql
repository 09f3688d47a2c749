-- The recording of a piece that has its place: made with its first one.
-- $1 piece, $2 household, $3 container, $4 video codec ('' = none), $5 width, $6 height, $7 rotation, $8 audio codec (null = silent),
-- $9 channels, $10 sample rate, $11 arrived (us), $12 now (us)
insert into recording (id, household_id, camera_id, start_us, created_us, container, video, audio, start_source, arrived_us)
select r.recording_id, $2::uuid, r.camera_id, r.zero_us + r.from_90k * 100 / 9, $12::bigint, $3::text,
       case when $4::text <> ''
            then jsonb_build_object('codec', $4::text, 'width', $5::bigint, 'height', $6::bigint, 'rotation', $7::bigint) end,
       case when $8::text is not null
            then jsonb_build_object('codec', $8::text, 'channels', $9::bigint, 'sample_rate', $10::bigint) end,
       case when r.told then 'camera' else 'arrival' end, $11::bigint
from push_piece p join push_run r on r.id = p.run_id
where p.id = $1::uuid
on conflict (id) do update
set start_us = least(recording.start_us, excluded.start_us),
    video = coalesce(recording.video, excluded.video),
    audio = coalesce(recording.audio, excluded.audio)
