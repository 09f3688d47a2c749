-- Objects in order of id. $1 after this id, $2 limit. The owner is a household, or the grant for what was given.
-- Columns: 0 id, 1 owner's id, 2 plain_bytes, 3 sealed_bytes, 4 sealed_digest, 5 wrapped_key, 6 wrapped_key of the owner, 7 corrupt
-- when last looked at
select id, owner_id, plain_bytes, sealed_bytes, sealed_digest, wrapped_key, owner_key, corrupt
from (
    (select s.id, s.household_id as owner_id, s.plain_bytes, s.sealed_bytes, s.sealed_digest, s.wrapped_key, h.wrapped_key as owner_key,
            s.corrupt_us is not null as corrupt
     from segment s
     join household h on h.id = s.household_id
     where s.id > $1::uuid order by s.id limit $2::bigint)
    union all
    (select g.object_id, f.id, g.plain_bytes, g.sealed_bytes, g.sealed_digest, g.wrapped_key, f.wrapped_key, g.corrupt_us is not null
     from grant_segment g
     join grant_item i on i.id = g.item_id
     join footage_grant f on f.id = i.grant_id
     where g.object_id > $1::uuid order by g.object_id limit $2::bigint)
) owned
order by id
limit $2::bigint
