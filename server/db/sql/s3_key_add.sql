-- A new S3 key of a camera. Keys that have expired go; of the short-lived ones the newest 32 stay.
-- $1 text access key  $2 uuid camera  $3 bytea salt  $4 bytea SHA-256 of the token (null: permanent)  $5 bigint now_us
-- $6 bigint expires_us (null: permanent)
with gone as (
    delete from s3_key where camera_id = $2::uuid and expires_us <= $5::bigint
), old as (
    update s3_key set revoked_us = $5::bigint
     where access_key in (select k.access_key from s3_key k
                           where k.camera_id = $2::uuid and k.expires_us > $5::bigint and k.revoked_us is null
                           order by k.created_us desc, k.access_key offset 31)
)
insert into s3_key (access_key, camera_id, salt, token_hash, created_us, expires_us)
values ($1::text, $2::uuid, $3::bytea, $4::bytea, $5::bigint, $6::bigint);
