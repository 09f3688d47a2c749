-- The next object of an endless upload, before its journal is begun.
-- $1 upload, $2 object, $3 wrapped key, $4 recording, $5 start of that recording (us, null = not known yet)
insert into upload_object (object_id, upload_id, wrapped_key, recording_id, start_us)
values ($2::uuid, $1::uuid, $3::bytea, $4::uuid, $5::bigint)
on conflict do nothing
