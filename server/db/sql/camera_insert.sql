-- $1 uuid id  $2 uuid household_id  $3 text name  $4 text place "(longitude,latitude)" or null  $5 bigint now_us
insert into camera (id, household_id, name, place, created_us)
values ($1::uuid, $2::uuid, $3::text, $4::text::point, $5::bigint);
