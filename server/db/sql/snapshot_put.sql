-- The newest snapshot takes the place of the one before; an older one that comes late does not.
-- $1 camera, $2 object, $3 wrapped key, $4 plain bytes, $5 sealed bytes, $6 taken (us)
insert into camera_still (camera_id, object_id, wrapped_key, plain_bytes, sealed, taken_us)
values ($1::uuid, $2::uuid, $3::bytea, $4::bigint, $5::bytea, $6::bigint)
on conflict (camera_id) do update
set object_id = excluded.object_id, wrapped_key = excluded.wrapped_key, plain_bytes = excluded.plain_bytes, sealed = excluded.sealed,
    taken_us = excluded.taken_us
where camera_still.taken_us <= excluded.taken_us
