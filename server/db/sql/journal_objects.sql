-- Objects whose journals are still needed. $1 node
-- object
select o.object_id from upload_object o join upload u on u.id = o.upload_id
where u.node = $1::text and u.live and o.wrapped_key is not null
