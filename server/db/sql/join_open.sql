-- Before segments are joined: the row that owns the new object until its commit, like an upload's.
-- $1 upload, $2 camera, $3 node, $4 object, $5 now (us)
with opened as (
    insert into upload (id, camera_id, node, created_us) values ($1::uuid, $2::uuid, $3::text, $5::bigint) returning id
)
insert into upload_object (object_id, upload_id) select $4::uuid, id from opened
