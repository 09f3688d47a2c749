-- Remember an applied migration. $1 number, $2 name, $3 sha256 (hex), $4 now_us
insert into schema_migration (number, name, sha256, applied_us)
values ($1::integer, $2::text, $3::text, $4::bigint)
