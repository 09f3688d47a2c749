-- The operator says that what was halted may go. $1 now_us. Column: cameras
with confirmed as (
    update camera_keeping set halted_us = null, changed_us = $1::bigint, sweep_us = $1::bigint where halted_us is not null returning 1
)
select count(*) from confirmed
