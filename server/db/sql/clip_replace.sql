-- A partial clip gives way to the whole upload that begins with it: its objects become garbage, a tombstone stays.
-- $1 clip, $2 now (us), $3 tombstone id, $4 camera (the actor)
with gone as (
    update clip set deleted_us = $2::bigint where id = $1::uuid and deleted_us is null
    returning id, household_id, camera_id, recording_id, start_us, duration_ms
), dropped as (
    delete from segment s using gone where s.recording_id = gone.recording_id returning s.id, s.sealed_bytes
), thrown as (
    insert into garbage (object_id, reason, since_us) select id, 'replaced', $2::bigint from dropped on conflict do nothing
), freed as (
    update camera set used_bytes = used_bytes - (select coalesce(sum(sealed_bytes), 0) from dropped) where id = $4::uuid
)
insert into tombstone (id, household_id, camera_id, clip_id, start_us, duration_ms, reason, actor_kind, actor_id, at_us)
select $3::uuid, household_id, camera_id, id, start_us, duration_ms, 'replaced', 'camera', $4::uuid, $2::bigint from gone
