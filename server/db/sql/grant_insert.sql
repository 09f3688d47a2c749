-- $1 uuid id  $2 uuid item_id (of the inbox)  $3 text alias  $4 uuid account_id  $5 bigint now_us  $6 bigint visible_us
-- $7 bigint expires_us  $8 bytea wrapped_key
insert into footage_grant (id, request_id, household_id, agency_id, alias, given_by, given_us, visible_us, expires_us, wrapped_key)
select $1::uuid, i.request_id, i.household_id, r.agency_id, $3::text, $4::uuid, $5::bigint, $6::bigint, $7::bigint, $8::bytea
  from request_recipient i join request r on r.id = i.request_id
 where i.id = $2::uuid;
