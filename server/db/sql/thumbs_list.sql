-- The sprites of a camera between two slots (both included), and where they are missing or of older footage. Who may see them was decided
-- by camera_access. $1 camera, $2 first slot, $3 last slot
-- Columns: slot, id (null: none), its tiles as 100 digits, missing or old
select s.slot, sprite.id, sprite.tiles::text,
       sprite.id is null or sprite.print <> footage_print($1::uuid, s.slot * 1000000000, (s.slot + 1) * 1000000000)
from generate_series($2::bigint, $3::bigint) as s (slot)
left join sprite on sprite.camera_id = $1::uuid and sprite.slot = s.slot and sprite.made_us is not null and sprite.replaced_us is null
where sprite.id is not null
   or exists (select from segment
              where segment.camera_id = $1::uuid
                and segment.start_us >= s.slot * 1000000000 - 3600000000 and segment.start_us < (s.slot + 1) * 1000000000
                and segment.start_us + segment.duration_90k::bigint * 100 / 9 > s.slot * 1000000000)
order by s.slot
