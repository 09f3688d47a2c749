-- The small segments of a recording in order of their time, from a place on. Those of a piece that was broken off wait for the whole
-- one an hour long.
-- $1 recording, $2 from (90k), $3 at most so long (90k), $4 came before (us), $5 limit, $6 now (us)
-- Columns: 0 id, 1 start_us, 2 plain_bytes, 3 wrapped_key, 4 sample_index
select s.id, s.start_us, s.plain_bytes, s.wrapped_key, s.sample_index
from push_run r
join segment s on s.recording_id = r.recording_id
where r.recording_id = $1::uuid and s.zero_90k >= $2::bigint and s.duration_90k <= $3::bigint and s.created_us < $4::bigint
  and s.corrupt_us is null
  and not is_hidden(r.camera_id, r.recording_id, s.start_us, segment_end_us(s.start_us, s.duration_90k))
  and not exists (select from push_piece p
                  where p.run_id = r.id and p.partial and p.received_us > $6::bigint - 3600000000 and s.id = any (p.objects))
order by s.zero_90k, s.id
limit $5::bigint
