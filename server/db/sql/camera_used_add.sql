-- Bytes that came (or went): the camera's sum, and the day's for the forecast.
-- $1 camera, $2 bytes
with today as (
    insert into camera_day (camera_id, day, bytes)
    select $1::uuid, (extract(epoch from now()) / 86400)::integer, $2::bigint where $2::bigint > 0
    on conflict (camera_id, day) do update set bytes = camera_day.bytes + excluded.bytes
)
update camera set used_bytes = used_bytes + $2::bigint where id = $1::uuid
