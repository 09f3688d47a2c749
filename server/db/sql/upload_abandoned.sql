-- Recovery at start, before the first upload: what an earlier process of this node left under way becomes garbage; endless bodies are
-- finished from their journals instead (salvage_next.sql).
-- $1 node, $2 began before this time (us), $3 now (us)
-- columns: uploads, objects
with over as (
    delete from upload where node = $1::text and created_us < $2::bigint and not live returning id
), trash as (
    insert into garbage (object_id, reason, since_us)
    select o.object_id, 'abandoned', $3::bigint from upload_object o join over on over.id = o.upload_id
    on conflict do nothing
    returning object_id
)
select (select count(*) from over), (select count(*) from trash)
