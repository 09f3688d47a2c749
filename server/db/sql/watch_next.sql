-- Is the camera whose turn it is still recording? $1 now_us, $2 time between two looks (us), $3 silence that is none yet (us)
-- columns: 0 camera (null: it is nobody's turn), 1 lag of what is kept behind now (us, null: it does not send), 2 changed: 1 it
-- stopped, -1 it records again, 3 stopped cameras in all (only when one changed)
select camera, lag_us, changed::bigint, stopped from watch_next($1::bigint, $2::bigint, $3::bigint)
