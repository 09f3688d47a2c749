-- Which of these cameras must not send any more. $1 cameras, an array. Columns: camera_id
select id from camera where id = any ($1::uuid[]) and (not enabled or removed_us is not null)
