-- What is due: all waiting pieces of one number, for a while nobody else's.
-- $1 node, $2 now (us), $3 until then (us)
-- Columns: 0 piece, 1 camera, 2 household, 3 stem, 4 track, 5 number, 6 SHA-256, 7 bytes, 8 broken off, 9 header (null: none yet),
-- 10 received (us), 11 end of the run (90k; null: no run), 12, 13 span of the piece before (90k; null), 14 kind, 15 file, 16 started (us), 17 own header
with first as (
    select camera_id, stem, number from push_piece
    where state = 'waiting' and node = $1::text and due_us <= $2::bigint
    order by due_us limit 1
    for update skip locked
), taken as (
    update push_piece q set due_us = $3::bigint
    from first f
    where q.camera_id = f.camera_id and q.stem = f.stem and q.number = f.number and q.state = 'waiting' and q.node = $1::text
      and q.due_us < $3::bigint
      and q.id in (select distinct on (o.track) o.id from push_piece o
                   where o.camera_id = f.camera_id and o.stem = f.stem and o.number = f.number and o.state = 'waiting'
                     and o.node = $1::text
                   order by o.track, o.id)
    returning q.*
)
select q.id, q.camera_id, c.household_id, q.stem, q.track::integer, q.number, q.sha256, q.bytes, q.partial,
       coalesce((select i.bytes from push_init i
                 where i.camera_id = q.camera_id and i.track = q.track and i.stem = coalesce(p.init_stem, q.stem)),
                (select i.bytes from push_init i where i.camera_id = q.camera_id and i.track = q.track and i.stem = '')),
       q.received_us, r.to_90k, b.from_90k, b.to_90k, q.kind, q.file, coalesce(q.started_us, 0), q.own_header
from taken q
join camera c on c.id = q.camera_id
left join push p on p.camera_id = q.camera_id and p.stem = q.stem
left join push_run r on r.id = p.run_id
left join lateral (select z.from_90k, z.to_90k from push_piece z
                   where z.run_id = r.id and z.track = q.track and z.number = q.number - 1
                   order by z.from_90k desc limit 1) b on true
order by q.track
limit 4
