-- A clip is a span of a camera's time; footage is kept, hidden, held and missing by span.

-- What a recording shows, for spans that no upload's clip covers.
alter table recording add column container text;
alter table recording add column video jsonb; -- as in clip
alter table recording add column audio jsonb;
alter table recording add column ended_us bigint;                       -- null: it may still grow
alter table recording add column late boolean not null default false;  -- came long after it was filmed (the camera was offline)
alter table recording add column clock_offset_us bigint;               -- camera's clock minus the server's at arrival; null: the camera told no time
alter table recording add constraint recording_of_household foreign key (camera_id, household_id) references camera (id, household_id);
create index recording_camera on recording (camera_id, start_us);

alter table clip alter column recording_id drop not null;  -- null: a span over whatever recordings there are
alter table clip alter column upload_sha256 drop not null; -- null: it did not come as one body
alter table clip add column created_by uuid references account; -- who cut it out; null: a camera's upload

-- A span its owner deleted: hidden at once, erased after purge_us unless undone or held.
create table deletion (
    id           uuid primary key,
    household_id uuid not null references household,
    camera_id    uuid not null references camera,
    from_us      bigint not null,
    to_us        bigint not null,
    clip_id      uuid,               -- the clip whose deletion this is; null: a span
    actor_kind   text not null,
    actor_id     uuid,
    asked_us     bigint not null,
    purge_us     bigint not null,    -- end of the undo time
    undone_us    bigint,
    purged_us    bigint,             -- everything of it is erased
    check (from_us < to_us)
);
create index deletion_camera on deletion (camera_id, from_us) where undone_us is null;
create index deletion_due on deletion (purge_us) where undone_us is null and purged_us is null;

-- A span that may not be erased, whoever asks. Made and looked at under a lock on the camera's row.
create table hold (
    id           uuid primary key,
    household_id uuid not null references household,
    camera_id    uuid not null references camera,
    from_us      bigint not null,
    to_us        bigint not null,
    reason       text not null check (reason in ('keep', 'request', 'grant', 'order')),
    authority    text not null,       -- who says so, for people
    subject_id   uuid,                -- the clip, request, grant or order
    expires_us   bigint,              -- null: until it is lifted
    created_us   bigint not null,
    lifted_us    bigint,
    check (from_us < to_us)
);
create index hold_camera on hold (camera_id, from_us) where lifted_us is null;
create index hold_subject on hold (subject_id) where lifted_us is null;

-- Why there is no footage in a span.
create table gap (
    id           uuid primary key,
    household_id uuid not null references household,
    camera_id    uuid not null references camera,
    from_us      bigint not null,
    to_us        bigint,              -- null: still open
    reason       text not null check (reason in ('offline', 'deleted', 'expired', 'paused', 'quota', 'corrupt', 'never_sent')),
    created_us   bigint not null
);
create index gap_camera on gap (camera_id, from_us);
create unique index gap_open on gap (camera_id, reason) where to_us is null;
