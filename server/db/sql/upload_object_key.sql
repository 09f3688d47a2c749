-- The first object of an endless upload gets the key that its journal is sealed with.
-- $1 object, $2 wrapped key, $3 recording
update upload_object set wrapped_key = $2::bytea, recording_id = $3::uuid where object_id = $1::uuid
