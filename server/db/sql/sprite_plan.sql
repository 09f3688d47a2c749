-- Sprites to make ahead: slots that were over a while ago and have footage, but no sprite. Jobs that failed too often are forgotten,
-- sprites that were replaced a while ago become garbage.
-- $1 now_us
with gone as (
    delete from sprite where replaced_us < $1::bigint - 900000000 returning id
), thrown as (
    insert into garbage (object_id, reason, since_us) select gone.id, 'replaced', $1::bigint from gone on conflict do nothing
), forgotten as (
    delete from sprite_job where tries >= 5 and not_before_us < $1::bigint - 3600000000
)
insert into sprite_job (camera_id, slot, wanted, asked_us, not_before_us)
select distinct segment.camera_id, div(segment.start_us, 1000000000)::bigint, false, $1::bigint, $1::bigint
from segment
where segment.start_us between $1::bigint - 4500000000 and $1::bigint - 1300000000
  and not exists (select from sprite
                  where sprite.camera_id = segment.camera_id and sprite.slot = div(segment.start_us, 1000000000)::bigint
                    and sprite.made_us is not null and sprite.replaced_us is null)
on conflict do nothing
