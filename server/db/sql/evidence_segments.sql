-- The segments of a granted file, with the keys to open them: the grant's own. Who may see it was decided by evidence_open.
-- $1 uuid grant item id
-- columns: as segments_of_clip: 0 id, 1 start_us, 2 item, 3 zero_90k, 4 duration_90k, 5 plain_bytes, 6 sealed_bytes,
-- 7 sealed_digest, 8 wrapped_key, 9 wrapped_key of the grant, 10 sample_index, 11 grant id
select s.object_id, s.start_us, s.item_id, s.zero_90k, s.duration_90k, s.plain_bytes, s.sealed_bytes, s.sealed_digest,
       s.wrapped_key, f.wrapped_key, s.sample_index, f.id
  from grant_segment s join grant_item t on t.id = s.item_id join footage_grant f on f.id = t.grant_id
 where s.item_id = $1::uuid
 order by s.sequence;
