-- A deletion could not be carried out now: when to try again. $1 deletion, $2 at (us)
update deletion set look_us = $2::bigint where id = $1::uuid
