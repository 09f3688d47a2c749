-- What other rules would erase at once. Who may ask was decided by camera_allowed.
-- $1 camera, $2 rules as JSON text, $3 now_us
-- columns: 0 clips, 1 segments, 2 bytes, 3 from_us, 4 to_us (null: nothing), 5 held segments, 6 held bytes
select clips, segments, bytes, from_us, to_us, held_segments, held_bytes
from retention_preview($1::uuid, (select coalesce(jsonb_agg(r || '{"since_us": 0}'), '[]') from jsonb_array_elements($2::text::jsonb) r),
                       $3::bigint)
