-- The scrub got as far as this. $1 last object, $2 objects, $3 bytes, $4 errors, $5 now_us, $6 lease (s)
update scrub set after_id = $1::uuid, objects = objects + $2::bigint, bytes = bytes + $3::bigint, errors = errors + $4::bigint,
                 lease_us = $5::bigint + $6::bigint * 1000000
