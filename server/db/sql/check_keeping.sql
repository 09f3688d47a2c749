-- Rows that cannot be: one snapshot, so a server at work does not disturb. Columns: 0 what is wrong, 1 of which row
(select 'segment without its recording', s.id
   from segment s left join recording r on r.id = s.recording_id
  where r.id is null or r.camera_id <> s.camera_id or r.household_id <> s.household_id limit 200)
union all
(select 'segment of another household than its camera', s.id
   from segment s left join camera c on c.id = s.camera_id
  where c.id is null or c.household_id <> s.household_id limit 200)
union all
(select 'clip without any footage', k.id
   from clip k
  where k.deleted_us is null and k.recording_id is not null
    and not exists (select from segment s where s.recording_id = k.recording_id) limit 200)
union all
(select 'camera whose bytes are not the sum of its segments', c.id
   from camera c left join (select camera_id, sum(sealed_bytes) as bytes from segment group by camera_id) s on s.camera_id = c.id
  where c.used_bytes <> coalesce(s.bytes, 0) limit 200)
union all
(select 'erased deletion that still hides clips', d.id
   from deletion d
  where d.purged_us is not null and exists (select from clip k where k.deletion_id = d.id) limit 200)
