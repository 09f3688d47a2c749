-- Signatures that are too old to be sent again.
-- $1 bigint now_us
delete from s3_signature where until_us < $1::bigint;
