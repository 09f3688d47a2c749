-- Make a clip of a span of a camera's time; what it is and shows is copied from the first recording there. Refused: not_found when the
-- camera is not the account's, forbidden without the right to export, conflict when its footage went away meanwhile.
-- $1 id, $2 account, $3 now_us, $4 camera, $5 from_us, $6 duration (ms), $7 name, $8 bytes of it, $9 right to export (bits), $10 codec of the pictures,
-- $11 width, $12 height: for a recording that is still growing
-- the standard clip columns (recording/clip.h)
with mine as (
    select camera.id, camera.household_id, membership.rights
    from camera join membership on membership.household_id = camera.household_id
    where camera.id = $4::uuid and camera.removed_us is null and membership.account_id = $2::uuid
      and (membership.ends_us is null or membership.ends_us > $3::bigint)
), first as (
    select segment.recording_id
    from segment
    where segment.camera_id = $4::uuid
      and segment.start_us >= $5::bigint - 3600000000 and segment.start_us < $5::bigint + $6::bigint * 1000
      and segment.start_us + segment.duration_90k::bigint * 100 / 9 > $5::bigint
    order by segment.start_us, segment.id
    limit 1
), facts as (
    select coalesce(recording.container, clip.container, 'mp4') as container,
           coalesce(recording.video, clip.video,
                    jsonb_build_object('codec', $10::text, 'width', $11::bigint, 'height', $12::bigint, 'rotation', 0)) as video, coalesce(recording.audio, clip.audio) as audio
    from first
    join recording on recording.id = first.recording_id
    left join clip on clip.recording_id = recording.id
), checked as (
    select refuse_unless(exists (select from mine), 'not_found')
           and refuse_unless(exists (select from mine where rights & $9::integer <> 0), 'forbidden')
           and refuse_unless(exists (select from facts), 'conflict: The footage of this time is gone.') as ok
)
insert into clip (id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms,
                  upload_bytes, upload_sha256, stored_bytes, container, video, audio, notes, partial, created_us, created_by)
select $1::uuid, mine.household_id, mine.id, null, 'manual', $7::text, $5::bigint, 'camera', $3::bigint, $6::bigint,
       $8::bigint, null, 0, facts.container, facts.video, facts.audio, '[]', false, $3::bigint, $2::uuid
from checked
left join mine on true
left join facts on true
where checked.ok
returning id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us, duration_ms, upload_bytes,
          upload_sha256, stored_bytes, container, video::text, audio::text, notes::text, partial, created_us, false as kept,
          late, clock_offset_us
