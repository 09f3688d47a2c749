-- Streams without end: an upload that is live becomes footage while it arrives, and knows enough to be finished after a crash.
comment on table upload is 'an HTTP body under way; owns the objects it has put until they are committed';
alter table upload add column live boolean not null default false; -- a body of unknown length: journaled, committed bit by bit
alter table upload add column recording_id uuid; -- live: what its segments belong to now
alter table upload add column clip_id uuid;      -- live: the clip that is made of them at the end
alter table upload add column name text not null default '';
alter table upload add column kind text not null default 'other';
alter table upload add column started_us bigint; -- as the camera told; null: it did not
alter table upload add column request_id text not null default '';
alter table upload add column orphaned_us bigint; -- live: it ended while database or store did not take it; to be finished from its journals

-- Of live uploads: the object's journal opens with this key.
alter table upload_object add column wrapped_key bytea check (octet_length(wrapped_key) = 60);
alter table upload_object add column recording_id uuid;
alter table upload_object add column start_us bigint; -- of that recording, when it is known

-- A clip tells both, too.
alter table clip add column late boolean not null default false;  -- came long after it was filmed
alter table clip add column clock_offset_us bigint;               -- camera's clock minus the server's at arrival; null: not known

-- Both clocks. start_us is the camera's if it told one.
alter table recording add column start_source text not null default 'arrival' check (start_source in ('camera', 'arrival'));
alter table recording add column arrived_us bigint; -- server's clock when its first byte came
alter table recording add column drift_ppb integer; -- media time against arrival time: > 0, the camera's clock runs fast; null: too short to tell
