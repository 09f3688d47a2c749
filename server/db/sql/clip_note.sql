-- Add a note to a clip, once.
-- $1 uuid clip  $2 text sentence
update clip set notes = notes || to_jsonb($2::text) where id = $1::uuid and not notes ? $2::text and deleted_us is null;
