-- $1 uuid id  $2 text name  $3 text kind  $4 text jurisdiction "((lon,lat),...)"  $5 text contact  $6 text email_domain
-- $7 text act_title  $8 text act_url  $9 text act_date  $10 bigint now_us
insert into agency (id, name, kind, jurisdiction, contact, email_domain, act_title, act_url, act_date, joined_us)
values ($1::uuid, $2::text, $3::text, $4::text::polygon, $5::text, lower($6::text), $7::text, $8::text, $9::text::date, $10::bigint);
