-- Agencies, their officers, requests, the owners' answers, and what was given.

create table agency (
    id           uuid primary key,
    name         text not null unique check (length(name) between 1 and 200),
    kind         text not null check (kind in ('police', 'fire', 'animal_control', 'other')),
    jurisdiction polygon not null, -- (longitude, latitude)
    contact      text not null,
    email_domain text not null,
    act_title    text not null check (length(act_title) > 0), -- the public act that authorised the partnership
    act_url      text not null check (act_url ~ '^https?://'),
    act_date     date not null,
    joined_us    bigint not null,
    suspended_us bigint,
    left_us      bigint
);

create table officer (
    id             uuid primary key,
    agency_id      uuid not null references agency,
    email          text not null,
    email_key      text not null unique check (email_key = lower(email)),
    name           text not null check (length(name) between 1 and 100),
    badge          text not null default '',
    role           text not null check (role in ('requester', 'approver', 'evidence', 'admin')),
    password_hash  text not null,
    totp_secret    bytea not null, -- mandatory
    totp_last_step bigint not null default 0,
    disabled_us    bigint,
    created_us     bigint not null
);
create index officer_agency on officer (agency_id);
alter table session add constraint session_officer foreign key (officer_id) references officer;

create table request (
    id            uuid primary key,
    agency_id     uuid not null references agency,
    officer_id    uuid not null references officer,
    case_ref      text not null check (length(case_ref) between 1 and 100),
    incident      text not null check (incident in ('burglary', 'theft', 'robbery', 'assault', 'vandalism', 'vehicle', 'missing_person',
                                                    'fire', 'animal', 'other')),
    contact       text not null check (length(contact) between 1 and 200),
    reason        text not null check (length(reason) between 1 and 2000),
    area          polygon not null,
    area_km2      double precision not null check (area_km2 between 0.065 and 1.295),
    window_from_us bigint not null,
    window_to_us  bigint not null,
    state         text not null check (state in ('submitted', 'approved', 'published', 'refused', 'resolved', 'expired')),
    created_us    bigint not null,
    published_us  bigint,
    expires_us    bigint not null,
    check (window_to_us - window_from_us between 900000000 and 43200000000) -- 15 min to 12 h
);
create index request_agency on request (agency_id, id desc);

-- The households a request reached. Never readable by the agency: to it, declined, ignored and not reached look the same.
create table request_recipient (
    request_id   uuid not null references request,
    household_id uuid not null references household,
    reached_us   bigint not null,
    seen_us      bigint,
    answer       text check (answer in ('accepted', 'declined')),
    answered_us  bigint,
    answered_by  uuid references account,
    primary key (request_id, household_id)
);
create index request_recipient_household on request_recipient (household_id, request_id desc);

-- What an owner gave. One a request and household. The agency sees `alias`, never the household, the owner or the camera's place.
create table footage_grant (
    id               uuid primary key,
    request_id       uuid not null references request,
    household_id     uuid not null references household,
    agency_id        uuid not null references agency,
    alias            text not null, -- for this case only
    given_by         uuid not null references account,
    given_us         bigint not null,
    visible_us       bigint not null, -- the agency sees it from then on (undo time)
    expires_us       bigint not null,
    downloaded_us    bigint, -- first download by the agency: withdrawal now only stops further access
    withdrawn_us     bigint,
    unique (request_id, household_id)
);
create index footage_grant_agency on footage_grant (agency_id, id desc);

-- The frozen, inward cut copy of a clip: sealed anew under the grant's own keys.
create table grant_item (
    id            uuid primary key,
    grant_id      uuid not null references footage_grant,
    clip_id       uuid not null, -- the parent; may be deleted later, the item stays
    ordinal       integer not null,
    start_us      bigint not null,
    duration_ms   bigint not null,
    parent_sha256 bytea not null -- upload_sha256 of the clip it is a part of
);
create index grant_item_grant on grant_item (grant_id, ordinal);
create table grant_segment (
    object_id     uuid primary key,
    item_id       uuid not null references grant_item,
    sequence      integer not null,
    start_us      bigint not null,
    zero_90k      bigint not null,
    duration_90k  integer not null,
    plain_bytes   bigint not null,
    sealed_bytes  bigint not null,
    sealed_digest bytea not null,
    wrapped_key   bytea not null,
    sample_index  bytea not null
);
create index grant_segment_item on grant_segment (item_id, sequence);
