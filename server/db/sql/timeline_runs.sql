-- Footage of a camera in a span, segments that follow each other merged to runs, in order of time.
-- $1 camera, $2 from_us, $3 to_us, $4 limit
-- Columns: from_us, to_us, recording, late
with part as (
    select segment.recording_id, segment.start_us as from_us, segment.start_us + segment.duration_90k::bigint * 100 / 9 as to_us
    from segment
    where segment.camera_id = $1::uuid
      and segment.start_us >= $2::bigint - 3600000000 and segment.start_us < $3::bigint
      and segment.start_us + segment.duration_90k::bigint * 100 / 9 > $2::bigint
      and segment.corrupt_us is null
      and not exists (select from deletion d
                      where d.camera_id = segment.camera_id and d.recording_id = segment.recording_id
                        and d.undone_us is null and d.purged_us is null)
), broken as (
    select recording_id, from_us, to_us,
           from_us > 1000000 + max(to_us) over (partition by recording_id order by from_us, to_us
                                                rows between unbounded preceding and 1 preceding) as breaks
    from part
), numbered as (
    select recording_id, from_us, to_us,
           count(*) filter (where breaks) over (partition by recording_id order by from_us, to_us) as run
    from broken
)
select greatest(min(n.from_us), $2::bigint), least(max(n.to_us), $3::bigint), n.recording_id, coalesce(bool_or(recording.late), false)
from numbered n
left join recording on recording.id = n.recording_id
group by n.recording_id, n.run
order by 1, 2
limit $4::bigint
