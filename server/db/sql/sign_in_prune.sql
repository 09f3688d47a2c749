-- Drop some counts that quiet days have forgiven, so that the table holds about two days of guessing.
-- $1 bigint now_us
delete from sign_in_failure
 where subject in (select subject from sign_in_failure where since_us < $1::bigint - 172800000000 order by since_us limit 20
                      for update skip locked);
