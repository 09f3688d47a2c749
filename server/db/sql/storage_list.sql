-- The cameras of the households whose history an account may see, with what the forecast needs.
-- $1 account, $2 now_us
-- columns: 0 id, 1 name, 2 household_id, 3 the household's quota_bytes (null: none), 4 used_bytes, 5 quota_bytes, 6 recent_bytes,
-- 7 recent_us, 8 keep_us, 9 oldest_us (retention/forecast.h)
select c.id, c.name, c.household_id, h.quota_bytes, c.used_bytes, c.quota_bytes, g.recent_bytes, g.recent_us, g.keep_us, g.oldest_us
  from membership m
  join household h on h.id = m.household_id
  join camera c on c.household_id = h.id
 cross join lateral camera_growth(c.id, $2::bigint) g
 where m.account_id = $1::uuid and m.rights & 2 <> 0 and (m.ends_us is null or m.ends_us > $2::bigint) and c.removed_us is null
 order by c.household_id, c.created_us, c.id
 limit 1000
