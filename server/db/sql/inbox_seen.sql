-- Somebody of the household opened the item.
-- $1 uuid item_id  $2 uuid account_id  $3 bigint now_us
update request_recipient i set seen_us = $3::bigint
  from membership m
 where i.id = $1::uuid and i.seen_us is null and m.household_id = i.household_id and m.account_id = $2::uuid
   and (m.ends_us is null or m.ends_us > $3::bigint);
