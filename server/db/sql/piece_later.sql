-- It could not be worked off now. $1 piece, $2 again then (us)
update push_piece set due_us = $2::bigint where id = $1::uuid and state = 'waiting'
