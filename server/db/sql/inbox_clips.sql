-- The household's clips that an inbox item asks for: cameras in the area, footage in the window, in order of time. Those that somebody
-- cut out of recordings are left out: the recordings have clips of their own.
-- $1 uuid item_id  $2 uuid account_id  $3 bigint now_us
-- columns: the standard clip columns (recording/clip.h)
select clip.id, clip.household_id, clip.camera_id, clip.recording_id, clip.kind, clip.name, clip.start_us, clip.start_source,
       clip.arrived_us, clip.duration_ms, clip.upload_bytes, clip.upload_sha256, clip.stored_bytes, clip.container,
       clip.video::text, clip.audio::text, clip.notes::text, clip.partial, clip.created_us, clip_kept(clip.id) as kept,
       clip.late, clip.clock_offset_us
  from request_recipient i
  join membership m on m.household_id = i.household_id and m.account_id = $2::uuid and (m.ends_us is null or m.ends_us > $3::bigint)
  join request r on r.id = i.request_id
  join camera on camera.household_id = i.household_id and camera.place <@ r.area and camera.removed_us is null
  join clip on clip.camera_id = camera.id and clip.deleted_us is null and clip.recording_id is not null
           and clip.start_us > r.window_from_us - 86400000000 and clip.start_us < r.window_to_us
           and clip.start_us + clip.duration_ms * 1000 > r.window_from_us
 where i.id = $1::uuid
 order by clip.start_us, clip.id
 limit 200;
