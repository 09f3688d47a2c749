-- The households with a camera in the area that has footage in the window get the request in their inbox and a line in their
-- ledger. Above 500, a random 500.
-- $1 uuid request_id  $2 bigint now_us  $3 text: id of the HTTP request
with reached as (
    insert into request_recipient (request_id, household_id, reached_us)
    select r.id, c.household_id, $2::bigint
      from request r join camera c on c.place <@ r.area and c.removed_us is null
     where r.id = $1::uuid
       and exists (select from clip k
                    where k.camera_id = c.id and k.deleted_us is null
                      and k.start_us > r.window_from_us - 86400000000 and k.start_us < r.window_to_us
                      and k.start_us + k.duration_ms * 1000 > r.window_from_us)
     group by r.id, c.household_id
     order by random()
     limit 500
    returning household_id, id
)
insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, request_id, salt)
select uuid_v7($2::bigint), $2::bigint, reached.household_id, 'system', 'request.reach', 'request', $1::uuid,
       jsonb_build_object('agency', g.name, 'case', r.case_ref), $3::text, uuid_send(gen_random_uuid())
  from reached, request r join agency g on g.id = r.agency_id
 where r.id = $1::uuid;
