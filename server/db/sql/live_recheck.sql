-- Which of these running views go on: the account still may, its session still counts, the camera is on. A view is use of the session,
-- at most once a minute.
-- $1 accounts, $2 sessions (all zeros for a link), $3 cameras: arrays of one length. $4 now_us. Columns: number in the arrays, from 1
with view as (
    select account_id, session_id, camera_id, number
    from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as v (account_id, session_id, camera_id, number)
), touched as (
    update session
    set used_us = $4::bigint, idle_end_us = least(expires_us, $4::bigint + (idle_end_us - used_us))
    where id in (select session_id from view) and used_us < $4::bigint - 60000000 and revoked_us is null
      and idle_end_us > $4::bigint and expires_us > $4::bigint
)
select view.number
from view
join camera on camera.id = view.camera_id and camera.enabled and camera.removed_us is null
join membership on membership.household_id = camera.household_id and membership.account_id = view.account_id
join account on account.id = view.account_id and account.disabled_us is null
where membership.rights & 1 <> 0
  and (membership.ends_us is null or membership.ends_us > $4::bigint)
  and (view.session_id = '00000000-0000-0000-0000-000000000000'::uuid
       or exists (select from session s where s.id = view.session_id and s.revoked_us is null and s.idle_end_us > $4::bigint
                                          and s.expires_us > $4::bigint))
