-- A camera's rules for what comes now, and its limits. Who may see them was decided by camera_allowed. $1 camera
-- columns: 0 rules ([{"kind","keep_s"}] as text), 1 undo_s, 2 quota_bytes or null, 3 quota_soft_bytes or null
select coalesce((select jsonb_agg(jsonb_build_object('kind', r.kind, 'keep_s', r.keep_s) order by r.kind)
                 from (select distinct on (kind) kind, keep_s from retention_rule where camera_id = c.id
                       order by kind, since_us desc) r
                 where r.keep_s is not null), '[]')::text,
       coalesce(c.undo_s, h.undo_s), c.quota_bytes, c.quota_soft_bytes
from camera c join household h on h.id = c.household_id
where c.id = $1::uuid
