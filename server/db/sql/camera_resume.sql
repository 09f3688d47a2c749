-- The camera is switched on again: the gap ends.
-- $1 uuid camera_id  $2 bigint now_us
update gap set to_us = greatest($2::bigint, from_us + 1) where camera_id = $1::uuid and reason = 'paused' and to_us is null;
