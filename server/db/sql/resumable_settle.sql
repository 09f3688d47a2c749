-- An append is over.
-- $1 id, $2 state now (open, part, whole), $3 declared bytes (null = as it is), $4 broken, $5 expires (us)
-- the row's id; no row: it is not open any more
update resumable set state = $2::text, declared_bytes = coalesce($3::bigint, declared_bytes), broken = $4::boolean, expires_us = $5::bigint
where id = $1::uuid and state = 'open'
returning id
