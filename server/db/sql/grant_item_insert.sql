-- One granted file. Refused (conflict) when its clip was deleted meanwhile.
-- $1 uuid id  $2 uuid grant_id  $3 uuid clip_id  $4 bigint ordinal  $5 bigint start_us  $6 bigint duration_ms
-- $7 bytea parent_sha256  $8 bigint file_bytes
insert into grant_item (id, grant_id, clip_id, ordinal, start_us, duration_ms, parent_sha256, file_bytes)
select $1::uuid, $2::uuid, $3::uuid, $4::bigint::integer, $5::bigint, $6::bigint, $7::bytea, $8::bigint
 where refuse_unless(exists (select from clip where id = $3::uuid and deleted_us is null),
                     'conflict: A clip was deleted meanwhile.');
