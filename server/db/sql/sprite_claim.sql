-- Take a sprite to make, those that somebody waits for first; nobody else takes it for a while.
-- $1 now_us, $2 also those that are made ahead. Columns: camera, slot, household, the household's wrapped key, is it there already
with job as (
    select camera_id, slot
    from sprite_job
    where not_before_us <= $1::bigint and tries < 5 and (wanted or $2::boolean)
    order by wanted desc, not_before_us
    limit 1
    for update skip locked
)
update sprite_job
set not_before_us = $1::bigint + 120000000, tries = tries + 1
from job
join camera on camera.id = job.camera_id
join household on household.id = camera.household_id
where sprite_job.camera_id = job.camera_id and sprite_job.slot = job.slot
returning sprite_job.camera_id, sprite_job.slot, camera.household_id, household.wrapped_key,
          exists (select from sprite
                  where sprite.camera_id = sprite_job.camera_id and sprite.slot = sprite_job.slot
                    and sprite.made_us is not null and sprite.replaced_us is null
                    and sprite.print = footage_print(sprite_job.camera_id, sprite_job.slot * 1000000000,
                                                     (sprite_job.slot + 1) * 1000000000))
