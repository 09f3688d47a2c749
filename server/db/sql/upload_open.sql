-- Begin an upload: the row that owns its objects until the commit, and its first object's id.
-- $1 upload, $2 camera, $3 node, $4 now (us), $5 name ('' = none), $6 first object
-- wrapped household key, room left (bytes, null = no quota), name taken, other uploads of the camera, watch for a partial clip
-- No row: the camera is removed or switched off.
with cam as (
    select c.id, h.wrapped_key, camera_room(c.id) as room,
           exists (select from clip k where k.camera_id = c.id and k.name = $5::text and k.deleted_us is null) as taken,
           (select count(*) from upload u where u.camera_id = c.id) as live,
           exists (select from clip k
                   where k.camera_id = c.id and k.name = $5::text and k.partial and k.deleted_us is null) as has_partial
    from camera c join household h on h.id = c.household_id
    where c.id = $2::uuid and c.enabled and c.removed_us is null
), opened as (
    insert into upload (id, camera_id, node, created_us) select $1::uuid, id, $3::text, $4::bigint from cam returning id
), owned as (
    insert into upload_object (object_id, upload_id) select $6::uuid, id from opened
)
select wrapped_key, room, taken, live, has_partial or live > 0 from cam
