-- A piece that was broken off gives way to the longer one that begins with it.
-- $1 camera, $2 piece, $3 now (us)
with locked as (
    select id from camera where id = $1::uuid for update
), gone as (
    delete from push_piece p using locked, push_run r
    where p.id = $2::uuid and p.camera_id = locked.id and p.partial and r.id = p.run_id
    returning p.objects, p.bytes, r.recording_id
), dropped as (
    delete from segment s using gone where s.recording_id = gone.recording_id and s.id = any (gone.objects) returning s.id, s.sealed_bytes
), thrown as (
    insert into garbage (object_id, reason, since_us) select id, 'replaced', $3::bigint from dropped on conflict do nothing
), less as (
    update clip c set upload_bytes = c.upload_bytes - gone.bytes,
                      stored_bytes = c.stored_bytes - (select coalesce(sum(sealed_bytes), 0) from dropped)
    from gone where c.recording_id = gone.recording_id
)
update camera set used_bytes = greatest(used_bytes - (select coalesce(sum(sealed_bytes), 0) from dropped), 0) where id = $1::uuid
