-- Name and switch of a camera; null leaves it. Whether the account may was decided by camera_manage.
-- $1 uuid camera_id  $2 text name  $3 boolean enabled
update camera set name = coalesce($2::text, name), enabled = coalesce($3::boolean, enabled) where id = $1::uuid;
