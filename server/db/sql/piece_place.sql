-- A piece finds its run; see the function. $1 camera, $2 stem, $3 piece, $4 track, $5 number, $6 SHA-256, $7 bytes, $8 partial,
-- $9 from, $10 to (90k, on its recording's time line), $11 start if it makes a new run (us), $12 the camera said so, $13 now (us),
-- $14 new run, $15 new recording, $16 new clip, $17 its segments ('{id,...}'), $18 the partial piece that is there, if any, is no beginning of it
select push_place($1::uuid, $2::text, $3::uuid, $4::integer, $5::bigint, $6::bytea, $7::bigint, $8::boolean, $9::bigint, $10::bigint,
                  $11::bigint, $12::boolean, $13::bigint, $14::uuid, $15::uuid, $16::uuid, $17::uuid[], $18::boolean)
