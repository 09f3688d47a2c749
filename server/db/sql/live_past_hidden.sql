-- Spans of a camera that its owner deleted, from a time on. $1 camera, $2 from_us
-- Columns: from_us, to_us, recording_id (null: of all)
select from_us, to_us, recording_id from deletion
where camera_id = $1::uuid and undone_us is null and purged_us is null and to_us > $2::bigint
order by from_us limit 1000;
