-- Hold a part of a clip that is given to an agency. Refused (conflict) when it was deleted meanwhile.
-- $1 inbox item, $2 clip, $3 from_us, $4 to_us, $5 reason (request, grant), $6 subject, $7 expires_us, $8 now_us
select hold_for_share($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::text, $6::uuid, $7::bigint, $8::bigint)
