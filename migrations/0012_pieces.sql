-- Pushed pieces: the segment files that tools send one by one, joined to one growing clip by their media time.

-- What a camera pushes under one stem (server/ingest/piece_name.h). Its row is the lock under which pieces find their run.
create table push (
    camera_id   uuid not null references camera,
    stem        text not null check (length(stem) <= 300),
    run_id      uuid,                -- the run that pieces extend now; null: none yet
    init_stem   text,                -- whose header the pieces need, as the playlist says; null: their own, else that of ''
    hint_number bigint,              -- the playlist told when this piece was filmed ...
    hint_us     bigint,              -- ... UTC of its first picture
    created_us  bigint not null,
    primary key (camera_id, stem)
);

-- One run of a push: what came without its clock starting over. It is one recording and one clip. The recording's zero is 2^33
-- ticks before the zero of the pusher's own clock, so that no place is negative, whatever comes first and wherever 33 bits wrap.
create table push_run (
    id           uuid primary key,
    camera_id    uuid not null references camera,
    stem         text not null,
    recording_id uuid not null unique,
    clip_id      uuid not null,
    zero_us      bigint not null, -- UTC of the recording's zero
    told         boolean not null, -- the camera said when it was
    from_90k     bigint not null,
    to_90k       bigint not null,
    created_us   bigint not null,
    changed_us   bigint not null,
    compact_us   bigint,          -- its small segments are looked at then; null: nothing to join
    check (from_90k <= to_90k)
);
create index push_run_compact on push_run (compact_us) where compact_us is not null;

-- ftyp+moov that the pieces of a stem and track need; the newest counts.
create table push_init (
    camera_id  uuid not null references camera,
    stem       text not null check (length(stem) <= 300),
    track      smallint not null check (track between -1 and 15), -- -1: all tracks are in one file
    bytes      bytea not null check (octet_length(bytes) between 1 and 16384),
    changed_us bigint not null,
    primary key (camera_id, stem, track)
);

-- One piece. Kept some days, so that one sent again is known.
create table push_piece (
    id          uuid primary key,
    camera_id   uuid not null references camera,
    stem        text not null,
    track       smallint not null,
    number      bigint not null check (number >= 0),
    sha256      bytea not null check (octet_length(sha256) = 32),
    bytes       bigint not null,
    state       text not null check (state in ('waiting', 'stored', 'empty', 'refused')), -- waiting: its bytes are in the spool
    partial     boolean not null default false,
    why         text,           -- refused: a sentence
    run_id      uuid references push_run on delete cascade, -- stored
    from_90k    bigint,
    to_90k      bigint,
    objects     uuid[] not null default '{}', -- stored: the segments it became, until they are joined
    node        text,           -- waiting: on whose disk
    due_us      bigint,         -- waiting: worked off then at the latest; a lease while that goes on
    received_us bigint not null,
    check ((state = 'stored') = (run_id is not null and from_90k is not null and to_90k is not null)),
    check ((state = 'waiting') = (node is not null and due_us is not null))
);
create unique index push_piece_same on push_piece (camera_id, stem, track, number, sha256);
create index push_piece_run on push_piece (run_id, from_90k);
create index push_piece_due on push_piece (node, due_us) where state = 'waiting';
create index push_piece_old on push_piece (received_us);

-- A camera's newest snapshot: a JPEG made in the jail from what it pushed, sealed like an object.
create table camera_still (
    camera_id   uuid primary key references camera,
    object_id   uuid not null,      -- what the seal is bound to
    wrapped_key bytea not null check (octet_length(wrapped_key) = 60),
    plain_bytes bigint not null,
    sealed      bytea not null,
    taken_us    bigint not null
);

-- Objects of segments that were joined to larger ones stay readable for those who have just loaded them.
alter table garbage add column due_us bigint not null default 0; -- not before
alter table garbage drop constraint garbage_reason_check;
alter table garbage add constraint garbage_reason_check
    check (reason in ('deleted', 'replaced', 'abandoned', 'withdrawn', 'compacted', 'expired', 'quota'));

-- Where a piece belongs: into the run that its camera's push has now, or a new one when its time was filmed already (the pusher
-- started over), or lies far off, or when the run's clip is gone or long enough. Takes the push's lock; writes the piece's row.
-- A piece that was broken off gives way to the whole one (partial_id).
create function push_place(a_camera uuid, a_stem text, a_piece uuid, a_track integer, a_number bigint, a_sha256 bytea, a_bytes bigint,
                           a_partial boolean, a_from bigint, a_to bigint, a_start_us bigint, a_told boolean, a_now bigint,
                           a_run uuid, a_recording uuid, a_clip uuid, a_replaced uuid, a_objects uuid[])
    returns push_run language plpgsql as $$
declare
    gap_max constant bigint := 10 * 60 * 90000;      -- a longer pause makes another clip
    run_max constant bigint := 12 * 3600 * 90000::bigint;
    p push;
    r push_run;
    start_us bigint := a_start_us;
    told boolean := a_told;
begin
    insert into push (camera_id, stem, created_us) values (a_camera, a_stem, a_now) on conflict do nothing;
    select * into p from push where camera_id = a_camera and stem = a_stem for update;
    delete from push_piece where camera_id = a_camera and stem = a_stem and track = a_track and number = a_number
        and sha256 = a_sha256 and state <> 'stored'; -- it waited until now
    select * into r from push_run where id = p.run_id;
    if r.id is null
       or a_from > r.to_90k + gap_max or a_to < r.from_90k - gap_max
       or greatest(a_to, r.to_90k) - least(a_from, r.from_90k) > run_max
       or not exists (select from clip where id = r.clip_id and deleted_us is null)
       or exists (select from push_piece q
                  where q.run_id = r.id and q.from_90k < a_to and q.to_90k > a_from and q.id is distinct from a_replaced
                    and 2 * (least(q.to_90k, a_to) - greatest(q.from_90k, a_from)) > least(q.to_90k - q.from_90k, a_to - a_from)
                    and (q.track = a_track or q.track < 0 or a_track < 0)) then
        if not told and p.hint_number = a_number then
            told := true;
            start_us := p.hint_us;
        end if;
        insert into push_run (id, camera_id, stem, recording_id, clip_id, zero_us, told, from_90k, to_90k, created_us, changed_us)
        values (a_run, a_camera, a_stem, a_recording, a_clip, start_us - a_from * 100 / 9, told, a_from, a_to, a_now, a_now)
        returning * into r;
        update push set run_id = r.id where camera_id = a_camera and stem = a_stem;
    else
        update push_run
        set from_90k = least(from_90k, a_from), to_90k = greatest(to_90k, a_to), changed_us = a_now,
            compact_us = coalesce(compact_us, a_now)
        where id = r.id
        returning * into r;
    end if;
    insert into push_piece (id, camera_id, stem, track, number, sha256, bytes, state, partial, run_id, from_90k, to_90k, received_us,
                            objects)
    values (a_piece, a_camera, a_stem, a_track, a_number, a_sha256, a_bytes, 'stored', a_partial, r.id, a_from, a_to, a_now, a_objects);
    return r;
end $$;
