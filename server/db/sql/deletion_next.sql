-- One step of the deletion that is due the longest. $1 now_us, $2 segments at most
-- columns: 0 deletion, 1 segments, 2 bytes, 3 whole segments left, 4 segments to cut, 5 held, 6 over. No row: none is due
select d.id, p.segments, p.bytes, p.remaining, p.cuts, p.held, p.over
from (select id from deletion where look_us <= $1::bigint and undone_us is null and purged_us is null order by look_us limit 1) d
cross join lateral deletion_purge(d.id, $1::bigint, $2::bigint::integer) p
