-- The parts of a multipart upload that are there.
-- $1 uuid upload
-- columns: number, body, bytes, ETag, modified_us
select number, body_id, bytes, etag, modified_us from s3_part where upload_id = $1::uuid and state = 'done' order by number;
