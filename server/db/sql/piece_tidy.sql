-- At start: pieces that were arriving when this node's last process ended are not there; leases of that process are nobody's.
-- $1 node, $2 began before (us), $3 now (us)
with gone as (
    delete from push_piece where state = 'arriving' and node = $1::text and received_us < $2::bigint
)
update push_piece set due_us = $3::bigint where state = 'waiting' and node = $1::text and due_us > $3::bigint
