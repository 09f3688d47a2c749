-- Partitions of segment by calendar month (UTC), made ahead of time by the server. Rows for months that nobody made stay in
-- segment_default until their month is made: then they move.
create function segment_partitions_make(from_us bigint, months integer) returns integer language plpgsql
    set lock_timeout = '3s' as $$
declare
    first timestamp := date_trunc('month', to_timestamp(from_us / 1000000.0) at time zone 'UTC');
    lower_us bigint;
    upper_us bigint;
    name text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(7305804402566); -- one server at a time
    for i in 0 .. months - 1 loop
        lower_us := extract(epoch from first + make_interval(months => i))::bigint * 1000000;
        upper_us := extract(epoch from first + make_interval(months => i + 1))::bigint * 1000000;
        name := 'segment_' || to_char(first + make_interval(months => i), 'YYYYMM');
        continue when to_regclass(name) is not null;
        execute format('create table %I (like segment including defaults including constraints)', name);
        -- No writer slips a row of the month in between the move and the attachment.
        lock table segment_default in access exclusive mode;
        execute format('with moved as (delete from segment_default where start_us >= %s and start_us < %s returning *) '
                       'insert into %I select * from moved', lower_us, upper_us, name);
        execute format('alter table segment attach partition %I for values from (%s) to (%s)', name, lower_us, upper_us);
        made := made + 1;
    end loop;
    return made;
end $$;
