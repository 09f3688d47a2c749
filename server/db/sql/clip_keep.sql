-- Keep a clip whatever the rules say, or no longer. Again: no change. Refused: not_found, forbidden.
-- $1 id of the hold, $2 account, $3 clip, $4 keep (else: no longer), $5 now_us, $6 id of the HTTP request
select clip_keep($1::uuid, $2::uuid, $3::uuid, $4::boolean, $5::bigint, $6::text)
