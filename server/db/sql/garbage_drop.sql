-- The object is gone from the store. $1 object
delete from garbage where object_id = $1::uuid
