-- What an account's households deleted and what is not erased yet, the latest first.
-- $1 account, $2 now_us
-- columns: 0 id, 1 camera_id, 2 from_us, 3 to_us, 4 clip_id, 5 asked_us, 6 undo until (us), 7 something of it is held,
-- 8 camera name, 9 clip name
select d.id, d.camera_id, d.from_us, d.to_us, d.clip_id, d.asked_us, d.purge_us,
       held_until_us(d.camera_id, d.from_us, d.to_us, $2::bigint) is not null, camera.name,
       coalesce((select clip.name from clip where clip.id = d.clip_id), '')
from membership m
join deletion d on d.household_id = m.household_id and d.undone_us is null and d.purged_us is null
join camera on camera.id = d.camera_id
where m.account_id = $1::uuid and m.rights & 2 <> 0 and (m.ends_us is null or m.ends_us > $2::bigint)
order by d.id desc
limit 500
