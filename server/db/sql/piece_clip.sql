-- The one clip of a run: made with its first piece, grown with each.
-- $1 piece, $2 household, $3 kind, $4 name, $5 arrived (us), $6 bytes received, $7 stored bytes, $8 container, $9 video codec ('' = none),
-- $10 width, $11 height, $12 rotation (degrees clockwise), $13 audio codec (null = silent), $14 channels, $15 sample rate,
-- $16 notes (a sentence a line), $17 now (us)
-- the standard clip columns (recording/clip.h)
insert into clip (id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms,
                  upload_bytes, stored_bytes, container, video, audio, notes, partial, created_us)
select r.clip_id, $2::uuid, r.camera_id, r.recording_id, $3::text, $4::text, r.zero_us + r.from_90k * 100 / 9,
       case when r.told then 'camera' else 'arrival' end, $5::bigint, (r.to_90k - r.from_90k + 45) / 90, $6::bigint, $7::bigint, $8::text,
       jsonb_build_object('codec', $9::text, 'width', $10::bigint, 'height', $11::bigint, 'rotation', $12::bigint),
       case when $13::text is not null
            then jsonb_build_object('codec', $13::text, 'channels', $14::bigint, 'sample_rate', $15::bigint) end,
       to_jsonb(array_remove(string_to_array($16::text, E'\n'), '')),
       exists (select from push_piece o where o.run_id = r.id and o.partial), $17::bigint
from push_piece p join push_run r on r.id = p.run_id
where p.id = $1::uuid
on conflict (recording_id) do update
set start_us = excluded.start_us, duration_ms = excluded.duration_ms, partial = excluded.partial,
    upload_bytes = clip.upload_bytes + excluded.upload_bytes, stored_bytes = clip.stored_bytes + excluded.stored_bytes,
    video = case when clip.video->>'codec' = '' then excluded.video else clip.video end,
    audio = coalesce(clip.audio, excluded.audio)
returning id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms, upload_bytes,
          upload_sha256, stored_bytes, container, video::text, audio::text, notes::text, partial, created_us, clip_kept(id), late, clock_offset_us
