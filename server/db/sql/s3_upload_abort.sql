-- Give a multipart upload up: no part of it is taken from now on.
-- $1 uuid id  $2 uuid camera  $3 text key
-- columns: id (no row: there is none)
with mine as (
    select id from s3_upload where id = $1::uuid and camera_id = $2::uuid and key = $3::text and etag is null for update
), parts as (
    update s3_part p set state = 'dropped' from mine where p.upload_id = mine.id
)
update s3_upload u set etag = '' from mine where u.id = mine.id returning u.id;
