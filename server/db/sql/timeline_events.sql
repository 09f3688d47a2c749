-- Clips of a camera that overlap a span, in order of time. $1 camera, $2 from_us, $3 to_us, $4 limit
-- Columns: id, kind, name, from_us, to_us, partial, kept
select clip.id, clip.kind, clip.name, clip.start_us, clip.start_us + clip.duration_ms * 1000, clip.partial,
       exists (select from hold h where h.subject_id = clip.id and h.reason = 'keep' and h.lifted_us is null)
from clip
where clip.camera_id = $1::uuid and clip.deleted_us is null
  and clip.start_us > $2::bigint - 90000000000 and clip.start_us < $3::bigint
  and clip.start_us + clip.duration_ms * 1000 > $2::bigint
order by clip.start_us, clip.id
limit $4::bigint
