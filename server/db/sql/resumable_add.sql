-- A body that will come in several requests.
-- $1 id, $2 camera, $3 node, $4 protocol, $5 to become a part, $6 name, $7 kind, $8 started (us, null), $9 declared bytes (null = not known
-- yet), $10 metadata, $11 now (us), $12 expires (us)
-- No row: the camera is removed or switched off. Refused: storage_full, too_many_requests.
insert into resumable (id, household_id, camera_id, node, protocol, state, joined, name, kind, started_us, declared_bytes, metadata, broken,
                       created_us, expires_us)
select $1::uuid, c.household_id, c.id, $3::text, $4::text, 'open', $5::boolean, $6::text, $7::text, $8::bigint, $9::bigint, $10::text, false,
       $11::bigint, $12::bigint
from camera c
where c.id = $2::uuid and c.enabled and c.removed_us is null
  and refuse_unless((select count(*) from resumable r where r.camera_id = c.id and r.state <> 'done') < 256, 'too_many_requests')
  and refuse_unless(coalesce(camera_room(c.id) >= greatest(coalesce($9::bigint, 1), 1), true), 'storage_full')
returning id
