-- It waited and came to nothing. $1 piece, $2 state: empty (no pictures and no sound in it) or refused, $3 why
update push_piece set state = $2::text, why = $3::text, node = null, due_us = null where id = $1::uuid and state in ('arriving', 'waiting')
