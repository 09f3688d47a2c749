-- A new session or token.
-- $1 uuid id  $2 bytea token_hash  $3 text kind  $4 uuid account_id or null  $5 uuid officer_id or null  $6 text csrf
-- $7 text name  $8 text peer  $9 bigint now_us  $10 bigint idle_end_us  $11 bigint expires_us
insert into session (id, token_hash, kind, account_id, officer_id, csrf, name, peer, created_us, used_us, idle_end_us, expires_us)
values ($1::uuid, $2::bytea, $3::text, $4::uuid, $5::uuid, $6::text, $7::text, $8::text, $9::bigint, $9::bigint, $10::bigint,
        $11::bigint);
