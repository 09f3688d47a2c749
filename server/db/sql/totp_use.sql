-- Use up a one-time code's step; refused (unauthorized) when it or a later one was used before.
-- $1 uuid account_id or null  $2 uuid officer_id or null  $3 bigint step
with a as (
    update account set totp_last_step = $3::bigint where id = $1::uuid and totp_last_step < $3::bigint returning 1
), o as (
    update officer set totp_last_step = $3::bigint where id = $2::uuid and totp_last_step < $3::bigint returning 1
)
select refuse_unless(exists (select from a) or exists (select from o), 'unauthorized');
