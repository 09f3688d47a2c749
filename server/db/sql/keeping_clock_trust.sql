-- The operator says that the clocks are right. $1 now_us. Column: nodes that did not believe them
with trusted as (
    update keeping_clock set trusted_us = $1::bigint where stopped_us is not null returning node
)
select count(*) from trusted
