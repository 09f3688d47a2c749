-- Bodies that come in several requests (docs/design/resumable.md). The bytes lie in the spool of one node's disk under this
-- row's id; how many of them are safe is what the spool says, never this row.
create table resumable (
    id             uuid primary key,
    household_id   uuid not null,
    camera_id      uuid not null,
    node           text not null,           -- whose disk
    protocol       text not null check (protocol in ('range', 'tus')),
    state          text not null check (state in ('open', 'part', 'whole', 'done')),
                   -- open: grows; part: whole, waits to be joined with others; whole: to become a clip; done: has become one
    joined         boolean not null,        -- to become a part
    name           text not null,           -- '' = none
    kind           text not null,
    started_us     bigint,                  -- null: the camera told no time
    declared_bytes bigint check (declared_bytes >= 0), -- null: not known yet
    metadata       text not null,           -- tus: Upload-Metadata as it was sent
    parts          uuid[],                  -- the bodies that this one is joined of; it has no bytes of its own then
    broken         boolean not null,        -- whole only because no more came in time: ends in a partial clip
    clip_id        uuid,                    -- what it has become
    created_us     bigint not null,
    expires_us     bigint not null,         -- open: closed then unless more comes; done: forgotten then
    foreign key (camera_id, household_id) references camera (id, household_id),
    check ((clip_id is not null) = (state = 'done'))
);
create unique index resumable_name on resumable (camera_id, name) where protocol = 'range' and state = 'open';
create index resumable_camera on resumable (camera_id, name);
create index resumable_due on resumable (node, expires_us);
comment on table resumable is 'a body that comes in several requests, until it is forgotten after it became a clip';
