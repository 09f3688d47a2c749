-- A body is given up, with what it was joined of.
-- $1 id, $2 camera
-- state, ids of all bodies that go
with gone as (
    delete from resumable where id = $1::uuid and camera_id = $2::uuid returning id, state, parts
), parts as (
    delete from resumable r using gone where r.id = any (gone.parts) returning r.id
)
select gone.state, concat_ws(',', gone.id, array_to_string(gone.parts, ',')) from gone
