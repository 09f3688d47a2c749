-- Bodies of a multipart upload that are in the way.
-- $1 uuid upload  $2 bigint at most
-- columns: body
select body_id from s3_part where upload_id = $1::uuid and state = 'dropped' limit $2::bigint;
