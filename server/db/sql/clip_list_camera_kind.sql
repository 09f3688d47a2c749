-- The list, newest first: one camera's clips of one kind, as far as the account may see history.
-- $1 account, $2 now_us, $3 from_us or null, $4 to_us or null (not included), $5 cursor start_us or null,
--   $6 cursor id or null, $7 limit, $8 camera, $9 kind
-- the standard clip columns (recording/clip.h)
select clip.*
from (select camera.id as camera_id
      from camera join membership using (household_id)
      where camera.id = $8::uuid
        and membership.account_id = $1::uuid
        and membership.rights & 2 <> 0
        and (membership.ends_us is null or membership.ends_us > $2::bigint)) as own
cross join lateral
     (select clip.id, clip.household_id, clip.camera_id, clip.recording_id, clip.kind, clip.name, clip.start_us, clip.start_source,
             clip.arrived_us, clip.duration_ms, clip.upload_bytes, clip.upload_sha256, clip.stored_bytes, clip.container,
             clip.video::text, clip.audio::text, clip.notes::text, clip.partial, clip.created_us, clip_kept(clip.id) as kept,
       clip.late, clip.clock_offset_us
      from clip
      where clip.camera_id = own.camera_id
        and clip.kind = $9::text
        and clip.deleted_us is null
        and clip.start_us >= coalesce($3::bigint, 0)
        and clip.start_us < coalesce($4::bigint, 9223372036854775807)
        and (clip.start_us, clip.id) < (coalesce($5::bigint, 9223372036854775807),
                                        coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
      order by clip.start_us desc, clip.id desc
      limit $7::bigint) as clip
order by clip.start_us desc, clip.id desc
limit $7::bigint
