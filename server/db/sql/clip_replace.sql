-- A partial clip gives way to the whole upload that begins with it: its objects become garbage, a tombstone stays. What is held stays.
-- $1 clip, $2 now (us), $3 tombstone id, $4 camera (the actor)
select clip_replace($1::uuid, $2::bigint, $3::uuid, $4::uuid)
