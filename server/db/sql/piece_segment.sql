-- A segment of a piece that has its place.
-- $1 piece, $2 id, $3 household, $4 sequence, $5 zero (90k), $6 duration (90k), $7 plain bytes, $8 sealed bytes, $9 sealed digest,
-- $10 wrapped key, $11 sample index, $12 now (us)
insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, zero_90k, duration_90k, plain_bytes,
                     sealed_bytes, sealed_digest, wrapped_key, sample_index, created_us)
select $2::uuid, r.zero_us + $5::bigint * 100 / 9, $3::uuid, r.camera_id, r.recording_id, $4::bigint, $5::bigint, $6::bigint, $7::bigint,
       $8::bigint, $9::bytea, $10::bytea, $11::bytea, $12::bigint
from push_piece p join push_run r on r.id = p.run_id
where p.id = $1::uuid
