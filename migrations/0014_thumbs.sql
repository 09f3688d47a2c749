-- Spans of footage: what tells that they changed, and sprites - small pictures of every ten seconds - to look for a place in them.

-- Goes up whenever segments of the recording come, go or are replaced, or something of it is hidden or shown again: what was made of
-- them is then made anew.
alter table recording add column version bigint not null default 0;
alter table clip add column version bigint not null default 0; -- of its recording, as far as it was there already: asked with every range

create function recording_changed() returns trigger language plpgsql as $$
begin
    update recording set version = version + 1 where id in (select distinct recording_id from changed);
    update clip set version = version + 1 where recording_id in (select distinct recording_id from changed);
    return null;
end $$;
create trigger segment_came after insert on segment referencing new table as changed
    for each statement execute function recording_changed();
create trigger segment_went after delete on segment referencing old table as changed
    for each statement execute function recording_changed();

-- A number that is another one when other segments lie in the span. A function, so that statements which seldom need it do not open
-- every month.
create function span_print(of_camera uuid, span_from_us bigint, span_to_us bigint) returns bigint language plpgsql stable as $$
declare
    print bigint;
begin
    select count(*) + coalesce(bit_xor(hashtextextended(s.id::text, 0)), 0)
    into print
    from segment s
    where s.camera_id = of_camera
      and s.start_us >= span_from_us - 3600000000 and s.start_us < span_to_us
      and s.start_us + s.duration_90k::bigint * 100 / 9 > span_from_us;
    return print;
end $$;

-- The same, also of what is hidden there or close by.
create function footage_print(of_camera uuid, span_from_us bigint, span_to_us bigint) returns bigint language plpgsql stable as $$
begin
    return span_print(of_camera, span_from_us, span_to_us)
           # coalesce((select bit_xor(hashtextextended(d.id::text, 0))
                       from deletion d
                       where d.camera_id = of_camera and d.undone_us is null and d.purged_us is null
                         and d.from_us < span_to_us + 60000000 and d.to_us > span_from_us - 60000000), 0);
end $$;

-- One sealed JPEG of 10 x 10 small pictures, one for every ten seconds: slot n begins n * 1000 s after 1970. The row owns the object, also
-- while it is being made.
create table sprite (
    id            uuid primary key, -- the object
    household_id  uuid not null references household,
    camera_id     uuid not null references camera,
    slot          bigint not null,
    node          text not null,    -- who makes or made it
    begun_us      bigint not null,
    made_us       bigint,           -- null: being made; the object may not be there yet
    replaced_us   bigint,           -- a newer one is shown; who has just got this one's address may still read it for a while
    print         bigint not null,  -- footage_print() of what it was made from
    tiles         bit(100) not null, -- which of the pictures are there
    plain_bytes   bigint check (plain_bytes > 0),
    sealed_bytes  bigint,
    sealed_digest bytea check (octet_length(sealed_digest) = 32),
    wrapped_key   bytea not null check (octet_length(wrapped_key) = 60), -- under the household's
    check (made_us is null or (plain_bytes is not null and sealed_bytes is not null and sealed_digest is not null))
);
create unique index sprite_slot on sprite (camera_id, slot) where made_us is not null and replaced_us is null;
create index sprite_replaced on sprite (replaced_us) where replaced_us is not null;
create index sprite_camera on sprite (camera_id, slot);
create index sprite_being_made on sprite (node) where made_us is null;

-- Sprites to make; a row is taken for a while by whoever makes it.
create table sprite_job (
    camera_id   uuid not null references camera,
    slot        bigint not null,
    wanted      boolean not null, -- somebody looks at it now; else made ahead
    asked_us    bigint not null,
    not_before_us bigint not null, -- taken or failed: not before that time
    tries       integer not null default 0,
    primary key (camera_id, slot)
);
create index sprite_job_next on sprite_job (wanted desc, not_before_us);

-- Whatever takes footage of a span away for good, or hides it, erases its sprites in the same transaction. Returns how many.
create function sprites_drop(of_camera uuid, span_from_us bigint, span_to_us bigint, now_us bigint) returns integer language plpgsql as $$
declare
    dropped integer;
begin
    with gone as (
        delete from sprite where camera_id = of_camera and made_us is not null
                             and slot between div(span_from_us, 1000000000)::bigint and div(span_to_us - 1, 1000000000)::bigint
        returning id
    ), thrown as (
        insert into garbage (object_id, reason, since_us) select id, 'deleted', now_us from gone on conflict do nothing
    )
    select count(*) into dropped from gone;
    return dropped;
end $$;

-- A sprite is stored: from now on it is shown, in place of an older one - unless its footage has changed while it was made. The lock on
-- the camera decides between it and a deletion.
create function sprite_done(of_sprite uuid, now_us bigint, plain bigint, sealed bigint, digest bytea, drawn bit(100)) returns boolean
language plpgsql as $$
declare
    s sprite;
begin
    perform from camera where id = (select camera_id from sprite where id = of_sprite) for update;
    select * into s from sprite where id = of_sprite;
    if s.id is null or footage_print(s.camera_id, s.slot * 1000000000, (s.slot + 1) * 1000000000) <> s.print then
        delete from sprite where id = of_sprite;
        insert into garbage (object_id, reason, since_us) select s.id, 'abandoned', now_us where s.id is not null;
        return false;
    end if;
    update sprite set replaced_us = now_us
    where camera_id = s.camera_id and slot = s.slot and made_us is not null and replaced_us is null;
    update sprite
    set made_us = now_us, plain_bytes = plain, sealed_bytes = sealed, sealed_digest = digest, tiles = drawn
    where id = of_sprite;
    delete from sprite_job where camera_id = s.camera_id and slot = s.slot;
    return true;
end $$;

create function deletion_changes_view() returns trigger language plpgsql as $$
begin
    perform sprites_drop(new.camera_id, new.from_us, new.to_us, coalesce(new.purged_us, new.undone_us, new.asked_us));
    update recording set version = version + 1
    where camera_id = new.camera_id and start_us < new.to_us and start_us > new.from_us - 100000000000; -- a recording has 24 hours at most
    update clip set version = version + 1
    where recording_id in (select id from recording where camera_id = new.camera_id and start_us < new.to_us
                                                      and start_us > new.from_us - 100000000000);
    return null;
end $$;
create trigger deletion_changes_view after insert or update of undone_us, purged_us on deletion
    for each row execute function deletion_changes_view();
