-- $1 uuid object_id  $2 uuid item_id  $3 bigint sequence  $4 bigint start_us  $5 bigint zero_90k  $6 bigint duration_90k
-- $7 bigint plain_bytes  $8 bigint sealed_bytes  $9 bytea sealed_digest  $10 bytea wrapped_key  $11 bytea sample_index
insert into grant_segment (object_id, item_id, sequence, start_us, zero_90k, duration_90k, plain_bytes, sealed_bytes, sealed_digest,
                           wrapped_key, sample_index)
values ($1::uuid, $2::uuid, $3::bigint::integer, $4::bigint, $5::bigint, $6::bigint::integer, $7::bigint, $8::bigint, $9::bytea,
        $10::bytea, $11::bytea);
