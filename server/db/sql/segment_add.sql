-- $1 id, $2 start (us), $3 household, $4 camera, $5 recording, $6 sequence, $7 zero (90k), $8 duration (90k), $9 plain bytes,
-- $10 sealed bytes, $11 sealed digest, $12 wrapped key, $13 sample index, $14 now (us)
insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, zero_90k, duration_90k, plain_bytes,
                     sealed_bytes, sealed_digest, wrapped_key, sample_index, created_us)
values ($1::uuid, $2::bigint, $3::uuid, $4::uuid, $5::uuid, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint,
        $11::bytea, $12::bytea, $13::bytea, $14::bigint)
