-- The other track's piece that was stored with this one. $1 the piece that has its place, $2 the other piece (it waited)
update push_piece o
set state = 'stored', run_id = p.run_id, from_90k = p.from_90k, to_90k = p.to_90k, objects = p.objects, node = null, due_us = null
from push_piece p
where p.id = $1::uuid and o.id = $2::uuid and o.state <> 'stored'
