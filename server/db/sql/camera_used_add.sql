-- $1 camera, $2 bytes
update camera set used_bytes = used_bytes + $2::bigint where id = $1::uuid
