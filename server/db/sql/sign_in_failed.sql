-- Count a failed try and set the wait before the next: none for the first free ones, then doubling up to the maximum.
-- A quiet day forgives.
-- $1 text subject ('account:..' or 'peer:..')  $2 bigint now_us  $3 bigint free tries  $4 bigint longest wait_us
insert into sign_in_failure as f (subject, failures, since_us, until_us)
values ($1::text, 1, $2::bigint, 0)
on conflict (subject) do update
   set failures = case when f.since_us < $2::bigint - 86400000000 then 1 else least(f.failures + 1, 1000000) end,
       since_us = $2::bigint,
       until_us = case when f.since_us < $2::bigint - 86400000000 or f.failures + 1 < $3::bigint then 0
                       else $2::bigint + least($4::bigint, 1000000 * (2 ^ least(f.failures + 1 - $3::bigint, 30))::bigint) end;
