-- What the operator lets a household use; null: no limit (undo: as it is). Refused (not_found) when there is no such household.
-- $1 household, $2 quota_bytes, $3 quota_soft_bytes, $4 undo_s
with changed as (
    update household set quota_bytes = $2::bigint, quota_soft_bytes = $3::bigint, undo_s = coalesce($4::bigint::integer, undo_s)
    where id = $1::uuid returning id
)
select refuse_unless(exists (select from changed), 'not_found')
