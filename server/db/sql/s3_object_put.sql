-- What a camera delivered under a key; a later delivery takes the place of an earlier one.
-- $1 uuid camera  $2 text key  $3 uuid clip (null: an empty object)  $4 bigint bytes  $5 text ETag  $6 text content type
-- $7 text metadata  $8 bigint now_us  $9 text span (null: not an ONVIF key)  $10 bigint number  $11 bigint time in the key
-- $12 bool the end of a span
-- columns: segments of the span that had not come when it ended (null: not an end)
insert into s3_object as o (camera_id, key, clip_id, bytes, etag, content_type, metadata, modified_us, span, span_number,
                            span_us, missing)
values ($1::uuid, $2::text, $3::uuid, $4::bigint, $5::text, $6::text, $7::text, $8::bigint, $9::text, $10::bigint,
        $11::bigint,
        case when $12::boolean then
            greatest(0, $10::bigint - (
                select count(distinct s.span_number) from s3_object s
                 where s.camera_id = $1::uuid and s.span = $9::text and s.clip_id is not null
                   and s.span_number < $10::bigint and s.span_us <= $11::bigint
                   and s.span_us >= coalesce((select max(b.span_us) from s3_object b
                                               where b.camera_id = $1::uuid and b.span = $9::text and b.span_us <= $11::bigint
                                                 and b.key <> $2::text
                                                 and (b.missing is not null or b.span_number = 0)), 0)))
        end)
on conflict (camera_id, key) do update
   set clip_id = excluded.clip_id, bytes = excluded.bytes, etag = excluded.etag, content_type = excluded.content_type,
       metadata = excluded.metadata, modified_us = excluded.modified_us, span = excluded.span,
       span_number = excluded.span_number, span_us = excluded.span_us, missing = excluded.missing
returning o.missing;
