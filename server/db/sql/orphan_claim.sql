-- An object that nobody owns becomes garbage, unless somebody owns it by now. $1 object, $2 now (us). Column: true when it did
with claimed as (
    insert into garbage (object_id, reason, since_us)
    select $1::uuid, 'abandoned', $2::bigint
    where not exists (select from segment where id = $1::uuid)
      and not exists (select from grant_segment where object_id = $1::uuid)
      and not exists (select from upload_object where object_id = $1::uuid)
    on conflict do nothing
    returning object_id
)
select exists (select from claimed)
