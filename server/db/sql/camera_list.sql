-- The cameras of an account's households, or one of them.
-- $1 uuid account_id  $2 bigint now_us  $3 uuid camera_id, null: all
-- columns: id, name, household_id, enabled, created_us, last_clip_us (null: none yet), last_media_us (end of the newest clip; null),
--          clock_offset_us (the camera's clock minus the server's, as last told; null), stopped_us (recording stopped; null),
--          used_bytes, quota_bytes, recent_bytes, recent_us, keep_us, oldest_us (retention/forecast.h)
select c.id, c.name, c.household_id, c.enabled, c.created_us, k.start_us, k.start_us + k.duration_ms * 1000,
       (select r.clock_offset_us from recording r where r.camera_id = c.id and r.clock_offset_us is not null order by r.start_us desc limit 1),
       c.stopped_us, c.used_bytes, c.quota_bytes, g.recent_bytes, g.recent_us, g.keep_us, g.oldest_us
  from membership m join camera c on c.household_id = m.household_id
  left join lateral (select start_us, duration_ms from clip where camera_id = c.id and deleted_us is null
                      order by start_us desc, id desc limit 1) k on true
 cross join lateral camera_growth(c.id, $2::bigint) g
 where m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $2::bigint) and c.removed_us is null
   and ($3::uuid is null or c.id = $3::uuid)
 order by c.created_us, c.id
 limit 1000;
