-- Every object was looked at. $1 now_us
update scrub set after_id = '00000000-0000-0000-0000-000000000000', rounds = rounds + 1, lease_us = $1::bigint
