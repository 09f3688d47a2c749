-- What owners gave to an agency and it may see now; one row a file. Nothing about who or where.
-- $1 uuid agency_id  $2 bigint now_us  $3 uuid request_id or null
-- columns: 0 grant id, 1 request_id, 2 case_ref, 3 alias, 4 given_us, 5 expires_us, 6 item id, 7 start_us, 8 duration_ms,
-- 9 file_bytes
with seen as (
    select f.* from footage_grant f
     where f.agency_id = $1::uuid and f.visible_us <= $2::bigint and f.withdrawn_us is null and f.expires_us > $2::bigint
       and ($3::uuid is null or f.request_id = $3::uuid)
     order by f.id desc
     limit 200
)
select f.id, f.request_id, r.case_ref, f.alias, f.given_us, f.expires_us, t.id, t.start_us, t.duration_ms, t.file_bytes
  from seen f join request r on r.id = f.request_id join grant_item t on t.grant_id = f.id
 order by f.id desc, t.ordinal;
