-- A piece that is not to be kept in the spool: the same was sent before, or it came to nothing. $1 piece
delete from push_piece where id = $1::uuid and state in ('arriving', 'waiting')
