-- One process migrates at a time: held until the connection closes. No parameters.
select pg_advisory_lock(7237110291438)
