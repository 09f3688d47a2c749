-- The clip that a piece belongs to which was sent before: the same bytes, or else more of it.
-- $1 camera, $2 stem, $3 track, $4 number, $5 SHA-256
-- the standard clip columns (recording/clip.h)
select c.id, c.household_id, c.camera_id, c.recording_id, c.kind, c.name, c.start_us, c.start_source, c.arrived_us, c.duration_ms,
       c.upload_bytes, c.upload_sha256, c.stored_bytes, c.container, c.video::text, c.audio::text, c.notes::text, c.partial, c.created_us,
       clip_kept(c.id), c.late, c.clock_offset_us
from push_piece p
join push_run r on r.id = p.run_id
join clip c on c.id = r.clip_id
where p.camera_id = $1::uuid and p.stem = $2::text and p.track = $3::integer and p.number = $4::bigint
order by p.sha256 = $5::bytea desc, p.id desc
limit 1
