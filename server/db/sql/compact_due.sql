-- A run of a push whose small segments are to be looked at, taken for ten minutes.
-- $1 now (us), $2 rest: what is younger than so many us is left alone
-- Columns: 0 run, 1 recording, 2 camera, 3 household, 4 wrapped key of the household, 5 over (nothing came for that long)
update push_run r
set compact_us = $1::bigint + 600000000
from camera c join household h on h.id = c.household_id
where r.id = (select id from push_run where compact_us <= $1::bigint order by compact_us limit 1 for update skip locked)
  and c.id = r.camera_id
returning r.id, r.recording_id, c.id, h.id, h.wrapped_key, r.changed_us < $1::bigint - $2::bigint
