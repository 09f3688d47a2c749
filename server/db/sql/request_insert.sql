-- A request, published.
-- $1 uuid id  $2 uuid agency_id  $3 uuid officer_id  $4 text case_ref  $5 text incident  $6 text contact  $7 text reason
-- $8 text area  $9 float8 area_km2  $10 bigint window_from_us  $11 bigint window_to_us  $12 bigint now_us  $13 bigint expires_us
insert into request (id, agency_id, officer_id, case_ref, incident, contact, reason, area, area_km2, window_from_us, window_to_us,
                     state, created_us, published_us, expires_us)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::text::polygon, $9::float8, $10::bigint,
        $11::bigint, 'published', $12::bigint, $12::bigint, $13::bigint);
