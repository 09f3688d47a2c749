-- An endless upload ended and is to be finished from its journals.
-- $1 upload, $2 now (us)
update upload set orphaned_us = $2::bigint where id = $1::uuid
