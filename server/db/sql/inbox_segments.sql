-- The segments of the clips that an inbox item asks for, as far as they touch its window and are not deleted, with their keys, clip by
-- clip. Clips that somebody cut out are left out: the recordings under them have clips of their own, and nothing is sent twice.
-- $1 uuid item_id  $2 uuid account_id  $3 bigint now_us
-- columns: 0 clip_id, 1 camera_id, 2 digest of the body it came as (else over its segments' digests), 3 segment id, 4 start_us,
-- 5 plain_bytes, 6 wrapped_key, 7 the household's wrapped_key, 8 household_id, 9 sample_index
with wanted as (
    select clip.id, clip.camera_id, clip.recording_id, clip.upload_sha256, clip.start_us, clip.duration_ms, clip.household_id,
           r.window_from_us, r.window_to_us
      from request_recipient i
      join membership m on m.household_id = i.household_id and m.account_id = $2::uuid
                       and (m.ends_us is null or m.ends_us > $3::bigint)
      join request r on r.id = i.request_id
      join camera on camera.household_id = i.household_id and camera.place <@ r.area and camera.removed_us is null
      join clip on clip.camera_id = camera.id and clip.deleted_us is null and clip.recording_id is not null
               and clip.start_us > r.window_from_us - 86400000000 and clip.start_us < r.window_to_us
               and clip.start_us + clip.duration_ms * 1000 > r.window_from_us
     where i.id = $1::uuid
     order by clip.start_us, clip.id
     limit 200
)
select w.id, w.camera_id,
       coalesce(w.upload_sha256, (select sha256(string_agg(o.sealed_digest, ''::bytea order by o.zero_90k, o.id))
                                    from segment o
                                   where o.recording_id = w.recording_id
                                     and o.start_us between w.start_us - 3600000000 and w.start_us + w.duration_ms * 1000 + 3600000000)),
       s.id, s.start_us, s.plain_bytes, s.wrapped_key, h.wrapped_key, h.id, s.sample_index
  from wanted w
  join household h on h.id = w.household_id
  join segment s on s.recording_id = w.recording_id
                and s.start_us between w.start_us - 3600000000 and w.start_us + w.duration_ms * 1000 + 3600000000
                and s.start_us < w.window_to_us and segment_end_us(s.start_us, s.duration_90k) > w.window_from_us
 where s.corrupt_us is null and not is_hidden(s.camera_id, s.recording_id, s.start_us, segment_end_us(s.start_us, s.duration_90k))
 order by w.start_us, w.id, s.zero_90k, s.id
 limit 4000;
