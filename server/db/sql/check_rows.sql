-- Committed objects in order of id, for the check of rows against the store. $1 after this id, $2 limit.
-- Columns: 0 id, 1 household_id, 2 plain_bytes, 3 sealed_bytes, 4 sealed_digest, 5 wrapped_key, 6 wrapped_key of the household
select owned.id, owned.household_id, owned.plain_bytes, owned.sealed_bytes, owned.sealed_digest, owned.wrapped_key,
       household.wrapped_key
from (
    (select id, household_id, plain_bytes, sealed_bytes, sealed_digest, wrapped_key
     from segment where id > $1::uuid order by id limit $2::bigint)
    union all
    (select g.object_id, f.household_id, g.plain_bytes, g.sealed_bytes, g.sealed_digest, g.wrapped_key
     from grant_segment g
     join grant_item i on i.id = g.item_id
     join footage_grant f on f.id = i.grant_id
     where g.object_id > $1::uuid order by g.object_id limit $2::bigint)
) owned
left join household on household.id = owned.household_id
order by owned.id
limit $2::bigint
