-- A header came: pieces that wait for it can be worked off.
-- $1 camera, $2 stem, $3 track, $4 bytes, $5 now (us)
-- No row: the camera is removed or switched off.
with cam as (
    select id from camera where id = $1::uuid and enabled and removed_us is null
), put as (
    insert into push_init (camera_id, stem, track, bytes, changed_us) select id, $2::text, $3::integer, $4::bytea, $5::bigint from cam
    on conflict (camera_id, stem, track) do update set bytes = excluded.bytes, changed_us = excluded.changed_us
), awake as (
    update push_piece q set due_us = $5::bigint
    from cam where q.camera_id = cam.id and q.state = 'waiting' and q.track = $3::integer and q.due_us > $5::bigint and q.track < 0
)
select true from cam
