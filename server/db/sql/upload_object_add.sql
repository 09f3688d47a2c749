-- One more object of an upload under way; must be committed before the object is put.
-- $1 upload, $2 object
insert into upload_object (object_id, upload_id) values ($2::uuid, $1::uuid)
