-- Make the partitions of segment from the month of a time on. Purpose: start-up and once a day.
-- Parameters: $1 bigint UTC microseconds, $2 bigint how many months
-- Columns: how many were made
select segment_partitions_make($1::bigint, $2::bigint::integer)
