-- The limits of asking. After agency_lock, in the same transaction.
-- $1 uuid agency_id  $2 text case_ref  $3 text area "((lon,lat),...)"  $4 bigint now_us
select refuse_unless((select count(*) from request where agency_id = $1::uuid and case_ref = $2::text) < 2,
                     'too_many_requests: At most 2 requests are taken for one case.')
       and refuse_unless((select count(*) from request where agency_id = $1::uuid and created_us > $4::bigint - 86400000000) < 10,
                         'too_many_requests: At most 10 requests a day are taken from one agency.')
       and refuse_unless(exists (select from agency where id = $1::uuid and jurisdiction && $3::text::polygon),
                         'invalid_field: /polygon: the area does not touch the agency''s jurisdiction.');
