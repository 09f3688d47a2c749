-- Keys of a camera in byte order, those with the delimiter behind the prefix rolled up. Each step is one look into the index.
-- $1 uuid camera  $2 text prefix  $3 text delimiter ('' = none)  $4 text after (exclusive, '' = from the first)  $5 bigint at most
-- columns: key, rolled up (then key is the common prefix), bytes, ETag, modified_us
with recursive walk as (
    select n.key, n.common, 1 as step from s3_next($1::uuid, $2::text, $3::text, $4::text) n
    union all
    select n.key, n.common, w.step + 1
      from walk w, lateral s3_next($1::uuid, $2::text, $3::text, coalesce(w.common || chr(1114111), w.key)) n
     where w.step < $5::bigint
)
select coalesce(w.common, w.key), w.common is not null, coalesce(o.bytes, 0), coalesce(o.etag, ''), coalesce(o.modified_us, 0)
  from walk w left join s3_object o on o.camera_id = $1::uuid and o.key = w.key and w.common is null
 order by w.step;
