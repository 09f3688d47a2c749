-- $1 id, $2 household, $3 camera, $4 start (us), $5 now (us)
insert into recording (id, household_id, camera_id, start_us, created_us)
values ($1::uuid, $2::uuid, $3::uuid, $4::bigint, $5::bigint)
