-- A multipart upload without parts that was aborted, or is older than a day, goes. (One that completed stays that long for its answer.)
-- $1 uuid id  $2 bigint before_us
delete from s3_upload u
 where u.id = $1::uuid and (u.etag = '' or u.created_us < $2::bigint)
   and not exists (select from s3_part p where p.upload_id = u.id);
