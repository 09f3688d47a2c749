-- What a camera delivered is forgotten a month after its clip was deleted.
-- $1 bigint before_us
delete from s3_object o using clip c where c.id = o.clip_id and c.deleted_us < $1::bigint;
