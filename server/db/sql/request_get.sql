-- One request of an agency.
-- $1 uuid agency_id  $2 uuid request_id  $3 bigint now_us
-- columns: the standard request columns (api/request_json.h)
select r.id, r.case_ref, r.incident, r.contact, r.reason, r.area::text, r.window_from_us, r.window_to_us,
       case when r.state = 'published' and r.expires_us <= $3::bigint then 'expired' else r.state end, r.created_us, r.published_us,
       r.expires_us, o.name, o.badge, g.id, g.name
  from request r join officer o on o.id = r.officer_id join agency g on g.id = r.agency_id
 where r.agency_id = $1::uuid and r.id = $2::uuid;
