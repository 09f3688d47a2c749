-- End a session of this account or officer at once; refused (not_found) when it is not theirs or has ended.
-- $1 uuid session_id  $2 uuid account_id or officer_id  $3 bigint now_us
with ended as (
    update session set revoked_us = $3::bigint
     where id = $1::uuid and (account_id = $2::uuid or officer_id = $2::uuid) and revoked_us is null
    returning id
)
select refuse_unless(exists (select from ended), 'not_found');
