-- The segment's other parts were stored anew by this transaction: it goes. Refused when something says otherwise by now.
-- $1 deletion, $2 segment, $3 its start_us, $4 from_us, $5 to_us (what is gone), $6 bytes stored anew, $7 now_us
select deletion_cut($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint)
