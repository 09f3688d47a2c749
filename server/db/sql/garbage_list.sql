-- Objects that must go, in order of id. $1 after this id (null: from the start), $2 limit, $3 now (us): those due later stay.
-- Columns: 0 object_id, 1 reason, 2 since_us
select object_id, reason, since_us
from garbage
where object_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
  and due_us <= $3::bigint
order by object_id
limit $2::bigint
