-- The clip of an endless upload that was interrupted: over all that its recording has.
-- $1 clip, $2 recording, $3 upload, $4 now (us)
with span as (
    select max(zero_90k + duration_90k) as end_90k, sum(sealed_bytes) as stored, sum(plain_bytes) as plain
    from segment where recording_id = $2::uuid
), ended as (
    update recording r set ended_us = r.start_us + span.end_90k * 100 / 9 from span where r.id = $2::uuid
)
insert into clip (id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms, upload_bytes,
                  stored_bytes, container, video, audio, notes, partial, created_us, late, clock_offset_us)
select $1::uuid, r.household_id, r.camera_id, r.id, u.kind, u.name, r.start_us, r.start_source, u.created_us, (span.end_90k + 45) / 90,
       span.plain, span.stored, r.container, r.video, r.audio,
       jsonb_build_array('The server was interrupted while it arrived; what had come is here.'), true, $4::bigint, r.late,
       r.clock_offset_us
from recording r, span, upload u
where r.id = $2::uuid and u.id = $3::uuid and span.end_90k is not null
