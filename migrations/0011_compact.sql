-- Small segments are joined to larger ones.

-- Objects of segments that were joined stay readable for those who have just loaded them.
alter table garbage add column due_us bigint not null default 0; -- not before
alter table garbage drop constraint garbage_reason_check;
alter table garbage add constraint garbage_reason_check
    check (reason in ('deleted', 'replaced', 'abandoned', 'withdrawn', 'compacted', 'expired', 'quota'));
