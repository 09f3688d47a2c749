-- One clip, if the account has all the rights asked for in its household; otherwise no row, as for no such clip.
-- $1 account, $2 now_us, $3 clip, $4 rights (bits)
-- the standard clip columns (recording/clip.h)
select clip.id, clip.household_id, clip.camera_id, clip.recording_id, clip.kind, clip.name, clip.start_us, clip.start_source,
       clip.arrived_us, clip.duration_ms, clip.upload_bytes, clip.upload_sha256, clip.stored_bytes, clip.container,
       clip.video::text, clip.audio::text, clip.notes::text, clip.partial, clip.created_us, clip_kept(clip.id) as kept,
       clip.late, clip.clock_offset_us
from clip
join membership on membership.household_id = clip.household_id
where clip.id = $3::uuid
  and clip.deleted_us is null
  and membership.account_id = $1::uuid
  and membership.rights & $4::integer = $4::integer
  and (membership.ends_us is null or membership.ends_us > $2::bigint)
