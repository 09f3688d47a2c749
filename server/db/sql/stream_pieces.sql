-- What of a stream is where: runs of numbers.
-- $1 camera, $2 stem, $3 from this number on
-- Columns: 0 persisted, 1 first, 2 last
select q.kept, min(q.number), max(q.number)
from (select p.number, p.state = 'stored' as kept,
             p.number - row_number() over (partition by p.state = 'stored' order by p.number) as island
      from (select distinct on (number) number, state from push_piece
            where camera_id = $1::uuid and stem = $2::text and number >= $3::bigint and state in ('waiting', 'stored') and not partial
              and (run_id is null or run_id = (select run_id from push where camera_id = $1::uuid and stem = $2::text))
            order by number, state) p) q
group by q.kept, q.island
order by 2
limit 1000
