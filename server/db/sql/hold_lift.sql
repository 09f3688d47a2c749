-- All holds of a subject end. $1 subject, $2 reason, $3 now_us
select hold_lift($1::uuid, $2::text, $3::bigint)
