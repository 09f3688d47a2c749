-- What this node knew of the time. $1 node
-- columns: 0 the database's clock (us), 1 the ledger's last entry (us), 2 boot_id or null, 3 uptime_us, 4 wall_us, 5 stopped_us,
-- 6 trusted_us
select (extract(epoch from clock_timestamp()) * 1000000)::bigint, (select l.at_us from ledger_entry l order by l.id desc limit 1),
       k.boot_id, k.uptime_us, k.wall_us, k.stopped_us, k.trusted_us
from (select 1) one left join keeping_clock k on k.node = $1::text
