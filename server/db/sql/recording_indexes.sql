-- Sample indexes of a recording's first segments, to compare them with a partial clip's.
-- $1 recording
-- sequence, sample index
select sequence, sample_index from segment where recording_id = $1::uuid order by sequence limit 256
