-- One step for the copies of grants that are over. $1 now_us, $2 objects at most. Column: objects
select grants_over($1::bigint, $2::bigint::integer)
