-- Change a camera's rules and limits. Refused: not_found, forbidden, conflict.
-- $1 account, $2 camera, $3 rules as JSON text or null, $4 for what is there too, $5 other settings as JSON text, $6 now_us,
-- $7 id of the HTTP request
select retention_put($1::uuid, $2::uuid, $3::text::jsonb, $4::boolean, $5::text::jsonb, $6::bigint, $7::text)
