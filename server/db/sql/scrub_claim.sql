-- Where the scrub goes on, taken for a while. No row: another node has it, or the last round's time is not over.
-- $1 node, $2 now_us, $3 lease (s), $4 time of a round (s). Columns: 0 after this object, 1 bytes in all
update scrub
set node = $1::text, lease_us = $2::bigint + $3::bigint * 1000000,
    objects = case when begins then 0 else objects end, bytes = case when begins then 0 else bytes end,
    round_us = case when begins then $2::bigint else round_us end
from (select after_id = '00000000-0000-0000-0000-000000000000' as begins from scrub for update) is_new
where (node = $1::text or lease_us < $2::bigint)
  and (not begins or round_us + $4::bigint * 1000000 <= $2::bigint or round_us > $2::bigint)
returning after_id, (select coalesce(sum(used_bytes), 0)::bigint from camera)
