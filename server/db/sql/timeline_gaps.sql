-- Why there is no footage in a span: what is written down. $1 camera, $2 from_us, $3 to_us, $4 now_us
-- Columns: from_us, to_us, reason; in order of importance: what comes first counts
(select d.from_us, d.to_us, 'deleted' as reason
 from deletion d
 where d.camera_id = $1::uuid and d.undone_us is null and d.purged_us is null
   and d.from_us < $3::bigint and d.to_us > $2::bigint
 order by d.from_us
 limit 2000)
union all
(select segment.start_us, segment.start_us + segment.duration_90k::bigint * 100 / 9, 'corrupt'
 from segment
 where segment.camera_id = $1::uuid and segment.corrupt_us is not null
   and segment.start_us >= $2::bigint - 3600000000 and segment.start_us < $3::bigint
 limit 2000)
union all
(select g.from_us, coalesce(g.to_us, $4::bigint), g.reason
 from gap g
 where g.camera_id = $1::uuid and g.from_us < $3::bigint and coalesce(g.to_us, $4::bigint) > $2::bigint
 order by array_position(array['corrupt', 'deleted', 'paused', 'quota', 'expired', 'never_sent', 'offline'], g.reason), g.from_us
 limit 2000)
