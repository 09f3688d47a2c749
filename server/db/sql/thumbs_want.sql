-- Somebody looks for these sprites: they are made first. $1 camera, $2 slots as the text of an array, $3 now_us
insert into sprite_job (camera_id, slot, wanted, asked_us, not_before_us)
select $1::uuid, s.slot, true, $3::bigint, $3::bigint
from unnest($2::text::bigint[]) as s (slot)
where not exists (select from sprite -- made since they were listed
                  where sprite.camera_id = $1::uuid and sprite.slot = s.slot and sprite.made_us is not null and sprite.replaced_us is null
                    and sprite.print = footage_print($1::uuid, s.slot * 1000000000, (s.slot + 1) * 1000000000))
on conflict (camera_id, slot) do update set wanted = true, asked_us = excluded.asked_us, tries = 0
