-- What is known of a piece's push before its body comes.
-- $1 camera, $2 stem, $3 track, $4 number
-- Columns: 0 header that it needs (null: none known), 1 end of the run (90k; null: no run), 2, 3 span of the piece before it (90k; null: not
-- there). No row: the camera is removed or switched off.
select coalesce((select i.bytes from push_init i
                 where i.camera_id = c.id and i.track = $3::integer and i.stem = coalesce(p.init_stem, $2::text)),
                (select i.bytes from push_init i where i.camera_id = c.id and i.track = $3::integer and i.stem = '')),
       r.to_90k, b.from_90k, b.to_90k
from camera c
left join push p on p.camera_id = c.id and p.stem = $2::text
left join push_run r on r.id = p.run_id
left join lateral (select q.from_90k, q.to_90k from push_piece q
                   where q.run_id = r.id and q.track = $3::integer and q.number = $4::bigint - 1
                   order by q.from_90k desc limit 1) b on true
where c.id = $1::uuid and c.enabled and c.removed_us is null
