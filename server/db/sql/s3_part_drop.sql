-- A part whose body is gone.
-- $1 uuid body
delete from s3_part where body_id = $1::uuid;
