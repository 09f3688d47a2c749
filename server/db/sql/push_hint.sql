-- What a playlist said about its pieces. $1 camera, $2 stem, $3 stem of the header (null: not said), $4 number of a piece, $5 when it was
-- filmed (us; null: not said), $6 now (us)
with cam as (
    select id from camera where id = $1::uuid and enabled and removed_us is null
), put as (
    insert into push (camera_id, stem, init_stem, hint_number, hint_us, created_us)
    select id, $2::text, $3::text, $4::bigint, $5::bigint, $6::bigint from cam
    on conflict (camera_id, stem) do update
    set init_stem = coalesce(excluded.init_stem, push.init_stem), hint_number = coalesce(excluded.hint_number, push.hint_number),
        hint_us = coalesce(excluded.hint_us, push.hint_us)
)
select true, case when $5::bigint is not null then push_told(id, $2::text, $4::bigint, $5::bigint, $6::bigint) end is null from cam
