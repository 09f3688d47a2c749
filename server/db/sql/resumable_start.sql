-- The server starts: nobody is sending, and what was whole is due.
-- $1 node, $2 now (us), $3 idle time of bodies without a length (us), $4 of others (us)
update resumable set expires_us = case when state = 'whole' then $2::bigint
                                       when protocol = 'range' and declared_bytes is null then least(expires_us, $2::bigint + $3::bigint)
                                       else least(expires_us, $2::bigint + $4::bigint) end
where node = $1::text and state <> 'done'
