-- Delete a clip: mark it, turn its segments into garbage, leave a tombstone, give the bytes back to the camera. All or
-- nothing; refused ("not_found") when the account has no right to delete in its household or the clip is not there.
-- $1 account, $2 now_us, $3 clip, $4 new id of the tombstone. Columns: household_id
-- The span around the clip only tells the planner which partitions to look at.
with doomed as (
    update clip set deleted_us = $2::bigint, still = null
    from membership
    where clip.id = $3::uuid
      and clip.deleted_us is null
      and membership.household_id = clip.household_id
      and membership.account_id = $1::uuid
      and membership.rights & 8 <> 0
      and (membership.ends_us is null or membership.ends_us > $2::bigint)
    returning clip.id, clip.household_id, clip.camera_id, clip.recording_id, clip.start_us, clip.duration_ms
), gone as (
    delete from segment using doomed
    where segment.recording_id = doomed.recording_id
      and segment.start_us between doomed.start_us - 3600000000
                               and doomed.start_us + doomed.duration_ms * 1000 + 3600000000
    returning segment.id, segment.sealed_bytes
), trash as (
    insert into garbage (object_id, reason, since_us)
    select gone.id, 'deleted', $2::bigint from gone
), freed as (
    update camera set used_bytes = camera.used_bytes - (select coalesce(sum(gone.sealed_bytes), 0) from gone)
    from doomed where camera.id = doomed.camera_id
), stone as (
    insert into tombstone (id, household_id, camera_id, clip_id, start_us, duration_ms, reason, actor_kind, actor_id, at_us)
    select $4::uuid, doomed.household_id, doomed.camera_id, doomed.id, doomed.start_us, doomed.duration_ms, 'deleted', 'account',
           $1::uuid, $2::bigint
    from doomed
)
select (select household_id from doomed), refuse_unless(exists (select from doomed), 'not_found')
