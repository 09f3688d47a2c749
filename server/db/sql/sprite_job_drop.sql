-- There is nothing to make a sprite of. $1 camera, $2 slot
delete from sprite_job where camera_id = $1::uuid and slot = $2::bigint
