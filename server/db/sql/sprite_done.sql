-- The object is stored. $1 id, $2 now_us, $3 plain bytes, $4 sealed bytes, $5 sealed digest, $6 which tiles are there, as 100 digits
-- Columns: is it shown
select sprite_done($1::uuid, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::text::bit(100))
