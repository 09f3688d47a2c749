-- What holds a camera's footage now. Who may see it was decided by camera_allowed. $1 camera, $2 now_us
-- columns: 0 id, 1 from_us, 2 to_us, 3 reason, 4 authority, 5 expires_us or null, 6 subject or null, 7 created_us
select id, from_us, to_us, reason, authority, expires_us, subject_id, created_us
from hold
where camera_id = $1::uuid and lifted_us is null and (expires_us is null or expires_us > $2::bigint)
order by from_us, id
limit 1000
