-- A piece is in the spool and synced: it waits for what it needs - a header, the piece of the same number of every other track, the piece
-- before it - or for the end of the wait. Two pieces of one number at once: the lock lets one see the other.
-- $1 piece, $2 SHA-256, $3 bytes, $4 broken off, $5 now (us), $6 how long it waits at most (us)
-- Columns: 0 it, or all of its number, can be worked off now
select push_received($1::uuid, $2::bytea, $3::bigint, $4::boolean, $5::bigint, $6::bigint)
