-- Give an upload up: what it put becomes garbage. Harmless when it was committed: then its row is gone.
-- $1 upload, $2 now (us)
with gone as (
    delete from upload where id = $1::uuid returning id
)
insert into garbage (object_id, reason, since_us)
select o.object_id, 'abandoned', $2::bigint from upload_object o join gone on gone.id = o.upload_id
on conflict do nothing
