-- What reached an account's households, the latest first; or one item.
-- $1 uuid account_id  $2 bigint now_us  $3 uuid item_id or null for all
-- columns: item id, reached_us, answer, answered_us, household_id, rights, then the standard request columns (api/request_json.h)
select i.id, i.reached_us, i.answer, i.answered_us, i.household_id, m.rights,
       r.id, r.case_ref, r.incident, r.contact, r.reason, r.area::text, r.window_from_us, r.window_to_us,
       case when r.state = 'published' and r.expires_us <= $2::bigint then 'expired' else r.state end, r.created_us, r.published_us,
       r.expires_us, o.name, o.badge, g.id, g.name
  from membership m
  join request_recipient i on i.household_id = m.household_id
  join request r on r.id = i.request_id
  join officer o on o.id = r.officer_id
  join agency g on g.id = r.agency_id
 where m.account_id = $1::uuid and (m.ends_us is null or m.ends_us > $2::bigint) and ($3::uuid is null or i.id = $3::uuid)
 order by i.request_id desc
 limit 200;
