-- Pushed pieces: the segment files that tools send one by one, joined to one growing clip by their media time.

-- What a camera pushes under one stem (server/ingest/piece_name.h).
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
    state       text not null check (state in ('arriving', 'waiting', 'stored', 'empty', 'refused')), -- arriving, waiting: bytes are in the spool
    partial     boolean not null default false,
    why         text,           -- refused: a sentence
    run_id      uuid references push_run on delete cascade, -- stored
    from_90k    bigint,
    to_90k      bigint,
    objects     uuid[] not null default '{}', -- stored: the segments it became, until they are joined
    node        text,           -- arriving, waiting: on whose disk
    due_us      bigint,         -- waiting: worked off then at the latest; a lease while that goes on
    own_header  boolean not null default false, -- a whole file: it waits for the one before it, not for a header
    kind        text,           -- arriving, waiting: of the clip it may make
    file        text,           -- ... and its name
    started_us  bigint,         -- ... and when the camera says it was; null: it did not
    received_us bigint not null,
    check ((state = 'stored') = (run_id is not null and from_90k is not null and to_90k is not null)),
    check ((state in ('arriving', 'waiting')) = (node is not null and due_us is not null))
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

-- Where a piece belongs: into the run that its camera's push has now, or a new one when its time was filmed already (the pusher
-- started over), or lies far off, or when the run's clip is gone or long enough. Writes the piece's row. Takes the camera's lock:
-- whatever comes at the same time is placed one after the other. Refused: 'superseded', when what broke off is there already, whole
-- or longer; 'partial', when a part of it is there that the caller did not look at (a_final: it did); 'order'.
create function push_place(a_camera uuid, a_stem text, a_piece uuid, a_track integer, a_number bigint, a_sha256 bytea, a_bytes bigint,
                           a_partial boolean, a_from bigint, a_to bigint, a_start_us bigint, a_told boolean, a_now bigint,
                           a_run uuid, a_recording uuid, a_clip uuid, a_objects uuid[], a_final boolean)
    returns void language plpgsql as $$
declare
    gap_max constant bigint := 10 * 60 * 90000;      -- a longer pause makes another clip
    run_max constant bigint := 12 * 3600 * 90000::bigint;
    p push;
    r push_run;
    q push_piece;
    start_us bigint := a_start_us;
    told boolean := a_told;
    is_new boolean;
begin
    perform from camera where id = a_camera for update;
    insert into push (camera_id, stem, created_us) values (a_camera, a_stem, a_now) on conflict do nothing;
    select * into p from push where camera_id = a_camera and stem = a_stem;
    delete from push_piece where id = a_piece and state <> 'stored'; -- it waited until now
    select * into r from push_run where id = p.run_id;
    is_new := r.id is null
              or a_from > r.to_90k + gap_max or a_to < r.from_90k - gap_max
              or greatest(a_to, r.to_90k) - least(a_from, r.from_90k) > run_max
              or not exists (select from clip where id = r.clip_id and deleted_us is null);
    if not is_new then
        -- More than half of it is there: not the rounding of a neighbour.
        select * into q from push_piece o
        where o.run_id = r.id and o.from_90k < a_to and o.to_90k > a_from
          and 2 * (least(o.to_90k, a_to) - greatest(o.from_90k, a_from)) > least(o.to_90k - o.from_90k, a_to - a_from)
          and (o.track = a_track or o.track < 0 or a_track < 0)
          -- a short tail of sound lies within the span of its pictures
          and (o.number = a_number
               or 4 * (least(o.to_90k, a_to) - greatest(o.from_90k, a_from)) > greatest(o.to_90k - o.from_90k, a_to - a_from))
        limit 1;
        is_new := q.id is not null;
        perform refuse_unless(q.id is null or not a_partial or q.number <> a_number or q.track <> a_track, 'superseded');
        -- A broken-off one came in between: the caller looks whether it is a beginning of this.
        perform refuse_unless(a_final or q.id is null or not q.partial or q.number <> a_number or q.track <> a_track, 'partial');
        -- Streams of typed answers keep the order of their numbers.
        perform refuse_unless(q.id is not null or a_stem not like '/%'
                              or not exists (select from push_piece o
                                             where o.run_id = r.id and (o.number < a_number and o.from_90k > a_from
                                                                        or o.number > a_number and o.from_90k < a_from)), 'order');
    end if;
    if is_new then
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
        where id = r.id;
    end if;
    insert into push_piece (id, camera_id, stem, track, number, sha256, bytes, state, partial, run_id, from_90k, to_90k, received_us,
                            objects)
    values (a_piece, a_camera, a_stem, a_track, a_number, a_sha256, a_bytes, 'stored', a_partial, r.id, a_from, a_to, a_now, a_objects);
end $$;

-- The playlist says when a piece was filmed. If that piece is there and nobody said so before, its run moves to that time.
create function push_told(a_camera uuid, a_stem text, a_number bigint, a_us bigint, a_now bigint) returns void language plpgsql as $$
declare
    r push_run;
    by_us bigint;
begin
    perform from camera where id = a_camera for update;
    select run.* into r
    from push p join push_run run on run.id = p.run_id join push_piece q on q.run_id = run.id and q.number = a_number
    where p.camera_id = a_camera and p.stem = a_stem and not run.told;
    if not found then
        return;
    end if;
    select a_us - (r.zero_us + q.from_90k * 100 / 9) into by_us
    from push_piece q where q.run_id = r.id and q.number = a_number order by q.track limit 1;
    if abs(by_us) > 86400000000 or (select count(*) from segment where recording_id = r.recording_id) > 64 then
        return; -- a clock that is far off, or too late to move what people look at
    end if;
    update push_run set zero_us = zero_us + by_us, told = true where id = r.id;
    update segment set start_us = start_us + by_us where recording_id = r.recording_id;
    update recording set start_us = start_us + by_us, start_source = 'camera', version = version + 1 where id = r.recording_id;
    update clip set start_us = start_us + by_us, start_source = 'camera' where id = r.clip_id;
end $$;

-- One segment takes the place of several consecutive ones of its recording: same media, one object. All or nothing.
create function segments_join(a_upload uuid, a_camera uuid, a_recording uuid, a_old uuid[], a_new uuid, a_start_us bigint, a_zero bigint,
                              a_duration bigint, a_plain bigint, a_sealed bigint, a_digest bytea, a_key bytea, a_index bytea, a_now bigint,
                              a_due_us bigint)
    returns void language plpgsql as $$
declare
    n bigint;
    bytes bigint;
    came_us bigint;
    household uuid;
begin
    perform from camera where id = a_camera for update; -- every race over footage is decided here
    delete from upload where id = a_upload;
    perform refuse_unless(found, 'given_up');
    with gone as (
        delete from segment s
        where s.id = any (a_old) and s.recording_id = a_recording and s.camera_id = a_camera and s.corrupt_us is null
          and s.start_us between a_start_us - 1000000 and a_start_us + 600000000
          and not is_hidden(a_camera, a_recording, s.start_us, segment_end_us(s.start_us, s.duration_90k))
        returning s.id, s.sealed_bytes, s.created_us, s.household_id
    ), trash as (
        insert into garbage (object_id, reason, since_us, due_us) select gone.id, 'compacted', a_now, a_due_us from gone
    )
    select count(*), sum(gone.sealed_bytes), max(gone.created_us), (array_agg(gone.household_id))[1]
    into n, bytes, came_us, household from gone;
    perform refuse_unless(n = cardinality(a_old), 'changed');
    insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, zero_90k, duration_90k, plain_bytes, sealed_bytes,
                         sealed_digest, wrapped_key, sample_index, created_us)
    values (a_new, a_start_us, household, a_camera, a_recording, 0, a_zero, a_duration, a_plain, a_sealed, a_digest, a_key, a_index,
            came_us);
    update camera set used_bytes = greatest(used_bytes + a_sealed - bytes, 0) where id = a_camera;
    update push_piece p set objects = '{}'
    from push_run r
    where r.recording_id = a_recording and p.run_id = r.id and p.partial and p.objects && a_old;
end $$;

-- A spooled piece is complete: does it still wait for something? See piece_received.sql.
create function push_received(a_piece uuid, a_sha256 bytea, a_bytes bigint, a_partial boolean, a_now bigint, a_wait_us bigint)
    returns boolean language plpgsql as $$
declare
    q push_piece;
    p push;
    tracks bigint;
    there bigint;
    ready boolean;
begin
    perform from camera where id = (select camera_id from push_piece where id = a_piece) for update;
    update push_piece set state = 'waiting', sha256 = a_sha256, bytes = a_bytes, partial = a_partial, due_us = a_now + a_wait_us,
                          received_us = a_now
    where id = a_piece and state = 'arriving' returning * into q;
    perform refuse_unless(found, 'gone');
    insert into push (camera_id, stem, created_us) values (q.camera_id, q.stem, a_now) on conflict do nothing;
    select * into p from push where camera_id = q.camera_id and stem = q.stem;
    if q.track >= 0 then
        select count(*) into tracks from push_init i where i.camera_id = q.camera_id and i.stem = q.stem and i.track >= 0;
        select count(distinct o.track) into there from push_piece o join push_init i
            on i.camera_id = o.camera_id and i.stem = o.stem and i.track = o.track
        where o.camera_id = q.camera_id and o.stem = q.stem and o.number = q.number and o.state = 'waiting';
        ready := there = tracks and (tracks >= 2 or (tracks = 1 and p.created_us < a_now - a_wait_us));
    elsif q.own_header then
        ready := exists (select from push_piece o where o.run_id = p.run_id and o.number = q.number - 1)
                 or (p.run_id is null and p.created_us >= a_now - a_wait_us and q.number <= 1);
    else
        ready := exists (select from push_init i where i.camera_id = q.camera_id and i.track = -1
                         and i.stem in (coalesce(p.init_stem, q.stem), ''));
    end if;
    if ready then
        update push_piece set due_us = a_now
        where camera_id = q.camera_id and stem = q.stem and number = q.number and state = 'waiting' and due_us <= a_now + a_wait_us;
    end if;
    return ready;
end $$;
