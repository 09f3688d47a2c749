-- A recording grows no more. What its start was taken for is corrected when the arrival told better.
-- $1 id, $2 end (us), $3 drift (1e-9, null = not known), $4 start (us)
with moved as (
    update segment s set start_us = s.start_us + ($4::bigint - r.start_us)
    from recording r where r.id = $1::uuid and s.recording_id = r.id and r.start_us <> $4::bigint
)
update recording set ended_us = $2::bigint, drift_ppb = $3::bigint::integer, start_us = $4::bigint where id = $1::uuid
