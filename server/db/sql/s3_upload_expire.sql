-- Multipart uploads older than a day that are not complete end; what has bodies to delete is named.
-- $1 bigint before_us
-- columns: upload, camera
with old as (
    select id from s3_upload where created_us < $1::bigint order by created_us limit 100 for update skip locked
), ended as (
    update s3_upload u set etag = coalesce(u.etag, '') from old where u.id = old.id
), parts as (
    update s3_part p set state = 'dropped' from old where p.upload_id = old.id
)
select u.id, u.camera_id from s3_upload u
 where u.id in (select id from old)
    or u.id in (select p.upload_id from s3_part p where p.state = 'dropped' and p.modified_us < $1::bigint limit 100);
