-- Take a signature for one PutObject. Old ones of the camera go.
-- $1 bytea signature  $2 uuid camera  $3 bigint now_us  $4 bigint until_us
-- columns: taken (by this), bytes and ETag of what it stored before (null: under way)
with gone as (
    delete from s3_signature where camera_id = $2::uuid and until_us < $3::bigint and signature <> $1::bytea
), taken as (
    insert into s3_signature (signature, camera_id, until_us) values ($1::bytea, $2::uuid, $4::bigint)
    on conflict do nothing returning signature
)
select exists (select from taken), s.bytes, s.etag
  from (values (1)) as one left join s3_signature s on s.signature = $1::bytea and s.camera_id = $2::uuid;
