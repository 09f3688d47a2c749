-- Deletions that may still be undone and overlap a span. $1 camera, $2 from_us, $3 to_us, $4 now_us
-- Columns: id, from_us, to_us, undo until
select d.id, d.from_us, d.to_us, d.purge_us
from deletion d
where d.camera_id = $1::uuid and d.undone_us is null and d.purged_us is null and d.purge_us > $4::bigint
  and d.from_us < $3::bigint and d.to_us > $2::bigint
order by d.from_us, d.id
limit 1000
