-- $1 uuid officer_id
-- columns: email, name, badge, role, agency_id, agency_name
select o.email, o.name, o.badge, o.role, g.id, g.name
  from officer o join agency g on g.id = o.agency_id
 where o.id = $1::uuid;
