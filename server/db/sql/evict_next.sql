-- One step for households over their quota. $1 now_us, $2 also what is over a soft limit (the disk is full), $3 segments at most
-- columns: 0 household (null: none is, or all of it is held), 1 segments, 2 bytes
select household, segments, bytes from evict_next($1::bigint, $2::boolean, $3::bigint::integer)
