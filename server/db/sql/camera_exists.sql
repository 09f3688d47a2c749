-- Refused (not_found) unless there is such a camera.
-- $1 uuid camera_id
select refuse_unless(exists (select from camera where id = $1::uuid and removed_us is null), 'not_found');
