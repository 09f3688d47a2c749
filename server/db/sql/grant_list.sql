-- What an account's households gave, the latest first; one row a file. One grant when $3 or $4 is set.
-- $1 uuid account_id  $2 bigint now_us  $3 uuid grant_id or null  $4 uuid inbox item_id or null
-- columns: 0 id, 1 request_id, 2 agency id, 3 agency name, 4 case_ref, 5 alias, 6 given_us, 7 visible_us, 8 expires_us,
-- 9 downloaded_us, 10 withdrawn_us, 11 state, 12 clip_id, 13 start_us, 14 duration_ms
with mine as (
    select f.* from membership m join footage_grant f on f.household_id = m.household_id
     where m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $2::bigint)
       and ($3::uuid is null or f.id = $3::uuid)
       and ($4::uuid is null or exists (select from request_recipient i where i.id = $4::uuid and i.request_id = f.request_id
                                                                          and i.household_id = f.household_id))
     order by f.id desc
     limit 200
)
select f.id, f.request_id, g.id, g.name, r.case_ref, f.alias, f.given_us, f.visible_us, f.expires_us, f.downloaded_us,
       f.withdrawn_us,
       case when f.withdrawn_us is not null then 'withdrawn' when f.expires_us <= $2::bigint then 'expired'
            when f.downloaded_us is not null then 'downloaded' when f.visible_us <= $2::bigint then 'visible' else 'undo' end,
       t.clip_id, t.start_us, t.duration_ms
  from mine f
  join agency g on g.id = f.agency_id
  join request r on r.id = f.request_id
  join grant_item t on t.grant_id = f.id
 order by f.id desc, t.ordinal;
