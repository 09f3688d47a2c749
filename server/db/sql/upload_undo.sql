-- An endless upload turned out to be what was there already: what it had committed becomes garbage.
-- $1 recording, $2 now (us), $3 camera
with dropped as (
    delete from segment where recording_id = $1::uuid returning id, sealed_bytes
), thrown as (
    insert into garbage (object_id, reason, since_us) select id, 'abandoned', $2::bigint from dropped on conflict do nothing
), forgotten as (
    delete from recording where id = $1::uuid
)
update camera set used_bytes = used_bytes - (select coalesce(sum(sealed_bytes), 0) from dropped) where id = $3::uuid
