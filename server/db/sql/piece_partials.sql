-- A piece that was broken off and that a longer one of its number may complete, with the sample index of each of its segments.
-- $1 camera, $2 stem, $3 track, $4 number
-- piece, segment's place among the piece's, last of the piece, sample index
select p.id, row_number() over (partition by p.id order by s.zero_90k) - 1,
       s.zero_90k = max(s.zero_90k) over (partition by p.id), s.sample_index
from push_piece p
join push_run r on r.id = p.run_id
join segment s on s.recording_id = r.recording_id and s.id = any (p.objects)
where p.camera_id = $1::uuid and p.stem = $2::text and p.track = $3::integer and p.number = $4::bigint and p.partial
order by p.id, s.zero_90k
limit 64
