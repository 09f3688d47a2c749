-- It is every camera's turn, now. $1 now_us
update camera_keeping set sweep_us = $1::bigint where sweep_us > $1::bigint
