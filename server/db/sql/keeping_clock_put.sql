-- $1 node, $2 boot_id, $3 uptime_us, $4 wall_us, $5 stopped_us or null, $6 why
insert into keeping_clock (node, boot_id, uptime_us, wall_us, stopped_us, why)
values ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::text)
on conflict (node) do update
set boot_id = excluded.boot_id, uptime_us = excluded.uptime_us, wall_us = excluded.wall_us, stopped_us = excluded.stopped_us,
    why = excluded.why, trusted_us = null
