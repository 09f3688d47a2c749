-- A whole body could not become a clip for now.
-- $1 id, $2 tried again after (us)
update resumable set expires_us = $2::bigint where id = $1::uuid and state = 'whole'
