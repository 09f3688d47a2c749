-- People, cameras, footage and the ledger. Units are in the names; see README.md here.

-- For statements that must not go on: the whole transaction is undone, the caller sees DB_E_REFUSED (db/db.h).
create function refuse(why text) returns boolean language plpgsql as $$
begin
    raise exception '%', why using errcode = 'DW001';
end $$;

create table household (
    id          uuid primary key,
    name        text not null check (length(name) between 1 and 100),
    wrapped_key bytea not null check (octet_length(wrapped_key) = 60), -- household key under the master key
    created_us  bigint not null
);

create table account (
    id             uuid primary key,
    email          text not null check (length(email) between 3 and 254),
    email_key      text not null unique check (email_key = lower(email)),
    name           text not null default '' check (length(name) <= 100),
    password_hash  text not null,             -- Argon2id PHC string
    totp_secret    bytea,                     -- 20 bytes; null = no second factor
    totp_last_step bigint not null default 0, -- steps at or below are used up
    disabled_us    bigint,
    created_us     bigint not null
);

-- Rights of an account in a household: 1 live, 2 history, 4 export, 8 delete, 16 share, 32 manage, 64 answer requests. Owner: 127.
create table membership (
    household_id uuid not null references household,
    account_id   uuid not null references account,
    rights       integer not null check (rights between 1 and 127),
    ends_us      bigint, -- guests
    created_us   bigint not null,
    primary key (household_id, account_id)
);
create index membership_account on membership (account_id);

create table camera (
    id           uuid primary key,
    household_id uuid not null references household,
    name         text not null check (length(name) between 1 and 100),
    place        point,                        -- (longitude, latitude) WGS 84; seen by the household alone
    enabled      boolean not null default true, -- false: media is refused
    quota_bytes  bigint check (quota_bytes > 0), -- null = the household's storage is not limited per camera
    used_bytes   bigint not null default 0,     -- sealed bytes of committed segments
    created_us   bigint not null,
    removed_us   bigint
);
create index camera_household on camera (household_id);
create index camera_place on camera using gist (place);

create table camera_secret (
    id          uuid primary key,
    camera_id   uuid not null references camera,
    secret_hash bytea not null unique check (octet_length(secret_hash) = 32), -- SHA-256 of the secret's text
    created_us  bigint not null,
    revoked_us  bigint
);
create index camera_secret_camera on camera_secret (camera_id);

-- Sessions (browser cookie) and API tokens. Only hashes are stored. Exactly one of account_id and officer_id is set.
create table session (
    id           uuid primary key,
    token_hash   bytea not null unique check (octet_length(token_hash) = 32),
    kind         text not null check (kind in ('cookie', 'token')),
    account_id   uuid references account,
    officer_id   uuid, -- references officer, see 0002
    csrf         text not null default '', -- sent back by the page on unsafe methods; cookie sessions only
    name         text not null default '',
    peer         text not null default '',
    created_us   bigint not null,
    used_us      bigint not null,
    idle_end_us  bigint not null, -- moved forward by use
    expires_us   bigint not null, -- absolute
    revoked_us   bigint,
    check ((account_id is null) <> (officer_id is null))
);
create index session_account on session (account_id) where revoked_us is null;

-- Failed sign-ins per 'account:EMAIL' and 'peer:ADDRESS'. In the database, so that a restart forgives nothing.
create table sign_in_failure (
    subject   text primary key,
    failures  integer not null,
    since_us  bigint not null,
    until_us  bigint not null -- refused before that time
);

-- An upload under way: owns its objects until its transaction commits. What a crash leaves is undone by recovery.
create table upload (
    id         uuid primary key,
    camera_id  uuid not null references camera,
    node       text not null,
    created_us bigint not null
);
create table upload_object (
    object_id uuid primary key,
    upload_id uuid not null references upload on delete cascade
);
create index upload_object_upload on upload_object (upload_id);

-- A gapless run of segments of one camera.
create table recording (
    id           uuid primary key,
    household_id uuid not null references household,
    camera_id    uuid not null references camera,
    start_us     bigint not null check (start_us > 0),
    created_us   bigint not null
);

-- One stored, sealed object. Partitioned by time: partitions are made ahead by the server, segment_default takes the rest.
create table segment (
    id            uuid not null,
    start_us      bigint not null check (start_us > 0), -- UTC of media zero of this segment
    household_id  uuid not null,
    camera_id     uuid not null,
    recording_id  uuid not null,
    sequence      integer not null check (sequence >= 0), -- within the recording
    zero_90k      bigint not null,                        -- media zero within the recording
    duration_90k  integer not null check (duration_90k >= 0),
    plain_bytes   bigint not null check (plain_bytes > 0),
    sealed_bytes  bigint not null check (sealed_bytes > plain_bytes),
    sealed_digest bytea not null check (octet_length(sealed_digest) = 32), -- crypto/seal.h
    wrapped_key   bytea not null check (octet_length(wrapped_key) = 60),   -- segment key under the household's
    sample_index  bytea not null,                                          -- remux/index.h
    created_us    bigint not null,
    primary key (start_us, id)
) partition by range (start_us);
create table segment_default partition of segment default;
create index segment_recording on segment (recording_id, sequence);
create index segment_camera on segment (camera_id, start_us);
create index segment_id on segment (id);

-- A named span of a camera's time: what people see, share and delete.
create table clip (
    id             uuid primary key,
    household_id   uuid not null references household,
    camera_id      uuid not null references camera,
    recording_id   uuid not null references recording,
    kind           text not null check (kind in ('motion', 'ring', 'person', 'package', 'vehicle', 'animal', 'sound',
                                                 'continuous', 'manual', 'other')),
    name           text not null default '' check (length(name) <= 255), -- the camera's file name; '' when posted without one
    start_us       bigint not null check (start_us > 0),
    start_source   text not null check (start_source in ('camera', 'arrival')), -- who said when it was
    arrived_us     bigint not null, -- server clock when the upload began
    duration_ms    bigint not null check (duration_ms >= 0),
    upload_bytes   bigint not null,
    upload_sha256  bytea not null check (octet_length(upload_sha256) = 32), -- of the body as received
    stored_bytes   bigint not null,
    container      text not null,
    video          jsonb not null, -- {"codec","width","height","rotation"}
    audio          jsonb,          -- {"codec","channels","sample_rate"} or null
    notes          jsonb not null default '[]', -- what was done to it, sentences
    partial        boolean not null,
    still          bytea,           -- cached JPEG, sealed like an object (null: made on demand)
    created_us     bigint not null,
    deleted_us     bigint           -- set in the same transaction that makes its segments garbage
);
create unique index clip_recording on clip (recording_id); -- a clip is all of its recording
create unique index clip_same_upload on clip (camera_id, name, upload_sha256) where deleted_us is null;
create index clip_partial on clip (camera_id, name) where partial and deleted_us is null;
-- The list: newest first per camera, and per household across cameras. id breaks ties and is the cursor's second half.
create index clip_camera_start on clip (camera_id, start_us desc, id desc) where deleted_us is null;
create index clip_household_start on clip (household_id, start_us desc, id desc) where deleted_us is null;
create index clip_camera_kind_start on clip (camera_id, kind, start_us desc, id desc) where deleted_us is null;
create index clip_household_kind_start on clip (household_id, kind, start_us desc, id desc) where deleted_us is null;

-- Objects that must go: garbage row -> object deleted -> row dropped.
create table garbage (
    object_id uuid primary key,
    reason    text not null check (reason in ('deleted', 'replaced', 'abandoned', 'withdrawn')),
    since_us  bigint not null
);

-- What remains of a deletion.
create table tombstone (
    id           uuid primary key,
    household_id uuid not null,
    camera_id    uuid not null,
    clip_id      uuid not null,
    start_us     bigint not null,
    duration_ms  bigint not null,
    reason       text not null check (reason in ('deleted', 'expired', 'quota', 'replaced')),
    actor_kind   text not null,
    actor_id     uuid,
    at_us        bigint not null
);

-- The record of every access. Written in the transaction of the thing it records; never changed (trigger).
create table ledger_entry (
    id           uuid primary key, -- UUIDv7: order of time
    at_us        bigint not null,
    household_id uuid,             -- whose log it belongs to; null = nobody's household (agency, operator)
    agency_id    uuid,
    actor_kind   text not null check (actor_kind in ('account', 'camera', 'officer', 'operator', 'system', 'link')),
    actor_id     uuid,
    action       text not null check (action ~ '^[a-z]+(\.[a-z_]+)+$'), -- e.g. clip.upload, clip.view, session.sign_in
    subject_kind text not null,
    subject_id   uuid,
    detail       jsonb not null default '{}',
    request_id   text not null default '',
    salt         bytea not null check (octet_length(salt) = 16) -- for the public commitment of the leaf
);
create index ledger_household on ledger_entry (household_id, id desc) where household_id is not null;
create index ledger_agency on ledger_entry (agency_id, id desc) where agency_id is not null;

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'DW001';
end $$;
create trigger ledger_no_change before update or delete on ledger_entry
    for each row execute function ledger_is_append_only();
create trigger ledger_no_truncate before truncate on ledger_entry
    for each statement execute function ledger_is_append_only();
