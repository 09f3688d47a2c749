-- One segment takes the place of several; refused when any of them is gone, is hidden or does not open any more.
-- $1 upload (owns the new object), $2 camera, $3 recording, $4 old segments ('{id,...}'), $5 new segment, $6 start (us), $7 zero (90k),
-- $8 duration (90k), $9 plain bytes, $10 sealed bytes, $11 sealed digest, $12 wrapped key, $13 sample index, $14 now (us),
-- $15 the old objects stay until then (us)
select segments_join($1::uuid, $2::uuid, $3::uuid, $4::uuid[], $5::uuid, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint,
                     $11::bytea, $12::bytea, $13::bytea, $14::bigint, $15::bigint)
