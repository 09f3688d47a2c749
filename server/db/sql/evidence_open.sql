-- A granted file that an agency may download now.
-- $1 uuid agency_id  $2 bigint now_us  $3 uuid grant_id  $4 uuid grant item id
-- columns: what the downloaded file is called: alias, 'evidence'
select f.alias, 'evidence'
  from footage_grant f join grant_item t on t.grant_id = f.id
 where f.agency_id = $1::uuid and f.id = $3::uuid and t.id = $4::uuid
   and f.visible_us <= $2::bigint and f.withdrawn_us is null and f.expires_us > $2::bigint;
