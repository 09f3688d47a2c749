-- A part is whole and synced.
-- $1 uuid body  $2 bigint bytes  $3 text ETag  $4 bigint now_us
-- No row: the upload was completed or aborted meanwhile.
update s3_part p set state = 'done', bytes = $2::bigint, etag = $3::text, modified_us = $4::bigint
  from s3_upload u
 where p.body_id = $1::uuid and p.state = 'open' and u.id = p.upload_id and u.etag is null
returning p.body_id;
