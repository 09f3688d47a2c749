-- The key under which a camera's snapshot is sealed. $1 camera. Columns: wrapped key of the household
-- No row: the camera is removed or switched off.
select h.wrapped_key from camera c join household h on h.id = c.household_id
where c.id = $1::uuid and c.enabled and c.removed_us is null
