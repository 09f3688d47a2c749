-- Run once on every new connection.
-- $1 statement time-out, milliseconds
select set_config('search_path', 'public', false),
       set_config('statement_timeout', $1::text, false),
       set_config('lock_timeout', $1::text, false),
       set_config('timezone', 'UTC', false),
       set_config('synchronous_commit',
                  case current_setting('synchronous_commit') when 'off' then 'on'
                       else current_setting('synchronous_commit') end, false)
