-- An object does not open (or opens again). Nothing happens when it was erased meanwhile.
-- $1 object, $2 corrupt, $3 now_us
select scrub_mark($1::uuid, $2::boolean, $3::bigint)
