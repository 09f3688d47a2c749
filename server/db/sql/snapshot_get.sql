-- A camera's newest snapshot, unless its owner deleted that time. Who may see it was decided by camera_access.
-- $1 camera. Columns: 0 object, 1 wrapped key, 2 plain bytes, 3 sealed, 4 taken (us), 5 household, 6 wrapped key of the household
select s.object_id, s.wrapped_key, s.plain_bytes, s.sealed, s.taken_us, c.household_id, h.wrapped_key
from camera_still s join camera c on c.id = s.camera_id join household h on h.id = c.household_id
where s.camera_id = $1::uuid and not is_hidden(c.id, null::uuid, s.taken_us, s.taken_us + 1)
