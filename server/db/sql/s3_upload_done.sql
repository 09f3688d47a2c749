-- A multipart upload is complete; its parts are in the way.
-- $1 uuid id  $2 text ETag
with parts as (
    update s3_part set state = 'dropped' where upload_id = $1::uuid
)
update s3_upload set etag = $2::text where id = $1::uuid;
