-- From now on this row owns the object, also while there is none yet.
-- $1 id, $2 household, $3 camera, $4 slot, $5 node, $6 now_us, $7 print of the footage, $8 wrapped key
insert into sprite (id, household_id, camera_id, slot, node, begun_us, print, tiles, wrapped_key)
values ($1::uuid, $2::uuid, $3::uuid, $4::bigint, $5::text, $6::bigint, $7::bigint, repeat('0', 100)::bit(100), $8::bytea)
