-- The list, newest first: the clips of all households of an account, as far as the account may see history.
-- $1 account, $2 now_us, $3 from_us or null, $4 to_us or null (not included), $5 cursor start_us or null,
--   $6 cursor id or null, $7 limit
-- the standard clip columns (recording/clip.h)
-- Each household gives its newest by its index alone; rows are fetched only for what is left after the merge.
select clip.*
from (select newest.start_us, newest.id
      from membership
      cross join lateral
           (select clip.start_us, clip.id
            from clip
            where clip.household_id = membership.household_id
              and clip.deleted_us is null
              and clip.start_us >= coalesce($3::bigint, 0)
              and clip.start_us < coalesce($4::bigint, 9223372036854775807)
              and (clip.start_us, clip.id) < (coalesce($5::bigint, 9223372036854775807),
                                              coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            order by clip.start_us desc, clip.id desc
            limit $7::bigint) as newest
      where membership.account_id = $1::uuid
        and membership.rights & 2 <> 0
        and (membership.ends_us is null or membership.ends_us > $2::bigint)
      order by newest.start_us desc, newest.id desc
      limit $7::bigint) as page
cross join lateral
     (select clip.id, clip.household_id, clip.camera_id, clip.recording_id, clip.kind, clip.name, clip.start_us, clip.start_source,
             clip.arrived_us, clip.duration_ms, clip.upload_bytes, clip.upload_sha256, clip.stored_bytes, clip.container,
             clip.video::text, clip.audio::text, clip.notes::text, clip.partial, clip.created_us, clip_kept(clip.id) as kept,
       clip.late, clip.clock_offset_us
      from clip
      where clip.id = page.id
      limit 1) as clip
order by page.start_us desc, page.id desc
