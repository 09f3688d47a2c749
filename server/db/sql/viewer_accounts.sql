-- Who these viewers are, for whoever manages the camera. $1 uuid[] accounts. Columns: id, name, email
select id, name, email from account where id = any ($1::uuid[]);
