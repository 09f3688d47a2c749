-- An endless upload that ended without its clip, and its next object: the oldest first.
-- $1 node, $2 began before this time (us)
-- upload, camera, household, wrapped household key, recording, clip, began (us), started as told (us, null = not), request id,
-- object (null: none is left), its wrapped key, its recording, start of that recording (us, null = not known)
select u.id, u.camera_id, c.household_id, h.wrapped_key, u.recording_id, u.clip_id, u.created_us, u.started_us, u.request_id,
       o.object_id, o.wrapped_key, o.recording_id, o.start_us
from (select * from upload
      where node = $1::text and live and (created_us < $2::bigint or orphaned_us is not null)
      order by id limit 1) u
join camera c on c.id = u.camera_id
join household h on h.id = c.household_id
left join lateral (select * from upload_object where upload_id = u.id and wrapped_key is not null order by object_id limit 1) o on true
