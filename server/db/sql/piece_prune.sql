-- Pieces that were sent so long ago that nobody sends them again. $1 older than (us), $2 at most
delete from push_piece where id in (select id from push_piece where received_us < $1::bigint and state not in ('arriving', 'waiting') limit $2::bigint)
