-- Show again what a deletion hides. Again: no change. Refused: not_found, forbidden, gone (too late), conflict.
-- $1 deletion, $2 account, $3 now_us, $4 id of the HTTP request
select deletion_undo($1::uuid, $2::uuid, $3::bigint, $4::text)
