-- A whole body has become a clip. What it was joined of goes.
-- $1 id, $2 clip, $3 forgotten after (us)
with done as (
    update resumable set state = 'done', clip_id = $2::uuid, expires_us = $3::bigint where id = $1::uuid returning parts
)
delete from resumable r using done where r.id = any (done.parts)
