-- One body joined of several that are whole, in this order.
-- $1 id, $2 camera, $3 ids of the parts ('{...}'), $4 name, $5 kind, $6 started (us, null), $7 metadata, $8 now (us), $9 expires (us)
-- Refused: not_found (a part), conflict (a part is not whole yet).
with part as (
    select r.id, r.state, r.declared_bytes, r.node, r.household_id from resumable r
    where r.id = any ($3::uuid[]) and r.camera_id = $2::uuid and r.joined for update
), told as (
    select count(*) as n, bool_and(state = 'part') as whole, min(node) as node, (array_agg(household_id))[1] as household_id from part
)
insert into resumable (id, household_id, camera_id, node, protocol, state, joined, name, kind, started_us, declared_bytes, metadata, parts,
                       broken, created_us, expires_us)
select $1::uuid, told.household_id, $2::uuid, told.node, 'tus', 'whole', false, $4::text, $5::text, $6::bigint,
       (select sum(p.declared_bytes) from unnest($3::uuid[]) u (id) join part p using (id)), $7::text, $3::uuid[], false, $8::bigint, $9::bigint
from told
where case when told.n <> (select count(distinct u) from unnest($3::uuid[]) u) then refuse_unless(false, 'not_found')
           else refuse_unless(told.whole, 'conflict') end
returning declared_bytes
