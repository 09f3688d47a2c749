-- $1 uuid id  $2 uuid agency_id  $3 text email  $4 text email_key  $5 text name  $6 text badge  $7 text role
-- $8 text password_hash  $9 bytea totp_secret  $10 bigint now_us
insert into officer (id, agency_id, email, email_key, name, badge, role, password_hash, totp_secret, created_us)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::bytea, $10::bigint);
