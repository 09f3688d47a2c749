-- $1 uuid id  $2 text name  $3 bytea wrapped_key  $4 bigint now_us
insert into household (id, name, wrapped_key, created_us) values ($1::uuid, $2::text, $3::bytea, $4::bigint);
