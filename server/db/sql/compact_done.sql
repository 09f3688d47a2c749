-- A run was looked through. $1 run, $2 again then (us), or null when nothing more comes: it is forgotten until a piece comes.
update push_run set compact_us = $2::bigint where id = $1::uuid
