-- Keeping: how long footage stays, what holds it, what hides it, and how it goes. What must be true is in docs/design/keeping.md.
-- Everything here that erases, hides or holds locks the camera's row first: that one row decides every race. (Where the camera's row
-- of camera_keeping is needed too, it is locked before.)

-- ---- settings ----
alter table household add column quota_bytes bigint check (quota_bytes > 0); -- of all its cameras; null = not limited
alter table household add column quota_soft_bytes bigint check (quota_soft_bytes > 0);
alter table camera add column quota_soft_bytes bigint check (quota_soft_bytes > 0); -- above it: a warning
alter table camera add column undo_s integer check (undo_s between 0 and 604800); -- null: the household's
alter table household add column undo_s integer not null default 86400 check (undo_s between 0 and 604800);
alter table camera add column stopped_us bigint; -- recording stopped: since when nothing is kept though it should be; null: all well

-- How long footage of a kind that came after since_us is kept. The latest row that is not younger than the footage counts.
create table retention_rule (
    camera_id uuid not null references camera,
    kind      text not null check (kind in ('*', 'motion', 'ring', 'person', 'package', 'vehicle', 'animal', 'sound', 'continuous',
                                            'manual', 'other')),
    since_us  bigint not null,  -- server's time of arrival; 0: all there is
    keep_s    bigint check (keep_s = 0 or keep_s between 3600 and 315576000), -- null: from then on as '*'; 0: live only
    primary key (camera_id, kind, since_us)
);

-- ---- what the work needs to know ----
alter table segment add column look_us bigint;    -- was looked at and stays: look again as if it had come then; null: when it came
alter table segment add column corrupt_us bigint; -- the scrub found that it does not open any more
create index segment_look on segment (camera_id, (coalesce(look_us, created_us)));
alter table grant_segment add column corrupt_us bigint;
alter table clip add column deletion_id uuid references deletion; -- which deletion hides it; null again once that is carried out
create index clip_deletion on clip (deletion_id) where deletion_id is not null;
create index clip_span on clip (camera_id, start_us) where recording_id is null and deleted_us is null;

-- Set: only footage of that recording is meant (an upload's clip was deleted, others may lie over the same time).
alter table deletion add column recording_id uuid;
alter table deletion add column look_us bigint not null; -- when to try next: purge_us, or later while a hold stands against it
create index deletion_look on deletion (look_us) where undone_us is null and purged_us is null;
drop index deletion_due;
drop index deletion_camera;
create index deletion_camera on deletion (camera_id, from_us) where undone_us is null and purged_us is null;
create index deletion_household on deletion (household_id, id) where undone_us is null and purged_us is null;

-- One row a camera: when its footage is to be looked through next. Taken by one sweeper at a time (skip locked).
create table camera_keeping (
    camera_id    uuid primary key references camera on delete cascade,
    sweep_us     bigint not null default 0,  -- due
    swept_us     bigint not null default 0,  -- when it was last looked through to the end
    changed_us   bigint not null default 0,  -- rules changed, a hold was lifted: much may go at once, and that is meant
    watch_us     bigint not null default 0,  -- due: is it still recording?
    soft_warned  boolean not null default false,
    halted_us    bigint                      -- an unusual share of it was to be erased: nothing is until the operator says so
);
create index camera_keeping_sweep on camera_keeping (sweep_us);
create index camera_keeping_watch on camera_keeping (watch_us);
insert into camera_keeping (camera_id) select id from camera;
create function camera_keeping_make() returns trigger language plpgsql as $$
begin
    insert into camera_keeping (camera_id) values (new.id);
    return new;
end $$;
create trigger camera_keeping_make after insert on camera for each row execute function camera_keeping_make();

-- Bytes that came, by day (UTC), for the forecast. The ingest's camera_used_add keeps it.
create table camera_day (
    camera_id uuid not null references camera on delete cascade,
    day       integer not null, -- since 1970
    bytes     bigint not null,
    primary key (camera_id, day)
);

-- Each node's idea of time, so that a clock that jumped erases nothing.
create table keeping_clock (
    node         text primary key,
    boot_id      text not null,
    uptime_us    bigint not null, -- of the machine, at wall_us
    wall_us      bigint not null,
    stopped_us   bigint,          -- since when nothing is erased because the clock is not believed
    why          text not null default '',
    trusted_us   bigint           -- the operator said that the clock is right; used up by the next sweep
);

-- Where the scrub is: one for all nodes, leased.
create table scrub (
    one         boolean primary key default true check (one),
    after_id    uuid not null default '00000000-0000-0000-0000-000000000000',
    node        text not null default '',
    lease_us    bigint not null default 0, -- nobody else before that
    round_us    bigint not null default 0, -- when this round began
    rounds      bigint not null default 0,
    objects     bigint not null default 0, -- of this round so far
    bytes       bigint not null default 0,
    errors      bigint not null default 0  -- ever
);
insert into scrub default values;

-- ---- what remains ----
alter table garbage drop constraint garbage_reason_check;
alter table garbage add constraint garbage_reason_check
    check (reason in ('deleted', 'expired', 'quota', 'replaced', 'abandoned', 'withdrawn', 'compacted', 'cut'));
alter table tombstone alter column clip_id drop not null;
alter table tombstone add column deletion_id uuid;
alter table tombstone add column segments bigint not null default 0;
alter table tombstone add column bytes bigint not null default 0;          -- sealed
alter table tombstone add column content_sha256 bytea;                     -- over the sealed digests of what went, in order
alter table tombstone add column signature bytea check (octet_length(signature) = 64); -- null: not yet
alter table tombstone add column public_key bytea check (octet_length(public_key) = 32);
create index tombstone_camera on tombstone (camera_id, start_us);
create index tombstone_unsigned on tombstone (id) where signature is null;

-- ---- time ----
create function segment_end_us(start_us bigint, duration_90k integer) returns bigint language sql immutable parallel safe as $$
    select $1 + ($2::bigint * 100 + 8) / 9
$$;

-- ---- the policy: what is kept until when ----
-- The rules of a camera: [{"kind", "since_us", "keep_s"}].
create function keeping_rules(camera uuid) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('kind', r.kind, 'since_us', r.since_us, 'keep_s', r.keep_s)), '[]')
      from retention_rule r where r.camera_id = $1
$$;

-- How long footage of a kind that came at at_us is kept, in microseconds: its kind's rule, else that of '*', else 30 days.
create function keep_for_us(rules jsonb, kind text, at_us bigint) returns bigint language sql immutable parallel safe as $$
    select 1000000 * coalesce(
        (select (r->>'keep_s')::bigint from jsonb_array_elements($1) r
          where r->>'kind' = $2 and (r->>'since_us')::bigint <= $3 order by (r->>'since_us')::bigint desc limit 1),
        (select (r->>'keep_s')::bigint from jsonb_array_elements($1) r
          where r->>'kind' = '*' and (r->>'since_us')::bigint <= $3 order by (r->>'since_us')::bigint desc limit 1),
        2592000)
$$;

-- The shortest time that any of the rules gives: nothing younger need be looked at.
create function keep_least_us(rules jsonb) returns bigint language sql immutable parallel safe as $$
    select 1000000 * least(min((r->>'keep_s')::bigint),
                           case when coalesce(bool_or(r->>'kind' = '*' and r->>'since_us' = '0' and r->>'keep_s' is not null), false)
                                then null else 2592000 end)
      from jsonb_array_elements($1) r
$$;

-- Until when the rules keep a segment. Its recording's own clip says what kind it is ('continuous' when there is none yet), and so
-- does every clip that somebody made over it; the longest counts. Time runs from the arrival by the server's clock, since a camera's
-- may be wrong by years. A clip whose deletion may still be undone counts as before.
create function segment_keep_us(s_camera uuid, s_recording uuid, s_from_us bigint, s_to_us bigint, s_created_us bigint, rules jsonb)
returns bigint language sql stable as $$
    select greatest(
        (select max(case when k.kind = 'continuous' then $5 + keep_for_us($6, k.kind, $5)
                         else greatest(k.created_us, $5) + keep_for_us($6, k.kind, greatest(k.created_us, $5)) end)
           from clip k where k.recording_id = $2 and (k.deleted_us is null or k.deletion_id is not null)),
        (select $5 + keep_for_us($6, 'continuous', $5) where not exists (select from clip k where k.recording_id = $2)),
        (select max(k.created_us + keep_for_us($6, k.kind, k.created_us))
           from clip k
          where k.camera_id = $1 and k.recording_id is null and k.deleted_us is null
            and k.start_us < $4 and k.start_us + k.duration_ms * 1000 > $3),
        0)
$$;

-- The rules as a table: footage of a kind that came in [from_us, to_us) is kept so long.
create function keep_table(rules jsonb) returns table (kind text, from_us bigint, to_us bigint, keep_us bigint)
language sql immutable parallel safe as $$
    with turns as (
        select -9223372036854775808 as at_us
        union select (r->>'since_us')::bigint from jsonb_array_elements($1) r
    )
    select k.kind, t.at_us, coalesce(lead(t.at_us) over (partition by k.kind order by t.at_us), 9223372036854775807),
           keep_for_us($1, k.kind, t.at_us)
      from turns t
     cross join unnest(array['motion', 'ring', 'person', 'package', 'vehicle', 'animal', 'sound', 'continuous', 'manual', 'other']) k (kind)
$$;

-- segment_keep_us() of all segments of a camera that came until before_us, at once, by two sets of rules.
create function camera_keeps(a_camera uuid, rules jsonb, other_rules jsonb, before_us bigint)
returns table (id uuid, recording_id uuid, start_us bigint, end_us bigint, sealed_bytes bigint, keep_us bigint, other_keep_us bigint)
language sql stable as $$
    with keep as materialized (select 1 as which, t.* from keep_table($2) t union all select 2, t.* from keep_table($3) t),
    spans as materialized ( -- clips that somebody made over footage
        select c.start_us, c.start_us + c.duration_ms * 1000 as end_us,
               (select c.created_us + t.keep_us from keep t where t.which = 1 and t.kind = c.kind
                   and c.created_us >= t.from_us and c.created_us < t.to_us) as keep_us,
               (select c.created_us + t.keep_us from keep t where t.which = 2 and t.kind = c.kind
                   and c.created_us >= t.from_us and c.created_us < t.to_us) as other_keep_us
          from clip c where c.camera_id = $1 and c.recording_id is null and c.deleted_us is null
    )
    select s.id, s.recording_id, s.start_us, s.end_us, s.sealed_bytes,
           greatest(0, s.own_us + (select t.keep_us from keep t where t.which = 1 and t.kind = s.kind
                                       and s.own_us >= t.from_us and s.own_us < t.to_us),
                    (select max(c.keep_us) from spans c where c.start_us < s.end_us and c.end_us > s.start_us)),
           greatest(0, s.own_us + (select t.keep_us from keep t where t.which = 2 and t.kind = s.kind
                                       and s.own_us >= t.from_us and s.own_us < t.to_us),
                    (select max(c.other_keep_us) from spans c where c.start_us < s.end_us and c.end_us > s.start_us))
      from (select n.id, n.recording_id, n.start_us, segment_end_us(n.start_us, n.duration_90k) as end_us, n.sealed_bytes,
                   coalesce(k.kind, 'continuous') as kind,
                   case when k.deleted_us is not null and k.deletion_id is null then null -- its clip is gone
                        when k.kind <> 'continuous' then greatest(k.created_us, n.created_us)
                        else n.created_us end as own_us
              from segment n left join clip k on k.recording_id = n.recording_id
             where n.camera_id = $1 and n.created_us <= $4) s
$$;

-- Until when holds forbid to erase a span; null: none does. Without an end: the largest number.
create function held_until_us(camera uuid, from_us bigint, to_us bigint, now_us bigint) returns bigint language sql stable as $$
    select max(coalesce(h.expires_us, 9223372036854775807))
      from hold h
     where h.camera_id = $1 and h.lifted_us is null and h.from_us < $3 and h.to_us > $2
       and (h.expires_us is null or h.expires_us > $4)
$$;

-- Does a deletion hide this footage? Those carried out do not: what comes later for their span is new.
create function is_hidden(camera uuid, recording uuid, from_us bigint, to_us bigint) returns boolean language sql stable as $$
    select exists (select from deletion d
                    where d.camera_id = $1 and d.undone_us is null and d.purged_us is null
                      and d.from_us < $4 and d.to_us > $3 and (d.recording_id is null or d.recording_id = $2))
$$;

-- ---- erasing; the caller has locked the camera's row ----
-- A span without footage, told once: gaps of the same reason that touch become one.
create function gap_note(camera uuid, why text, from_us bigint, to_us bigint, now_us bigint) returns void language sql as $$
    with touching as (
        delete from gap g
         where g.camera_id = $1 and g.reason = $2 and g.to_us is not null
           and g.from_us <= $4 + 1000000 and g.to_us >= $3 - 1000000
        returning g.from_us, g.to_us
    )
    insert into gap (id, household_id, camera_id, from_us, to_us, reason, created_us)
    select uuid_v7($5), c.household_id, c.id, least($3, (select min(t.from_us) from touching t)),
           greatest($4, (select max(t.to_us) from touching t)), $2, $5
      from camera c where c.id = $1
$$;

-- Pictures made of a span: sprites, and the camera's newest snapshot when it was taken then.
create function stills_drop(camera uuid, from_us bigint, to_us bigint, now_us bigint) returns void language sql as $$
    delete from camera_still s where s.camera_id = $1 and s.taken_us >= $2 and s.taken_us < $3;
    select sprites_drop($1, $2, $3, $4);
$$;

-- Clips of which nothing is left go, each with a tombstone.
create function clips_settle(p_camera uuid, p_recordings uuid[], p_from_us bigint, p_to_us bigint, p_reason text, p_now_us bigint)
returns void language sql as $$
    with gone as (
        update clip k set deleted_us = p_now_us, still = null
         where k.camera_id = p_camera and k.deleted_us is null
           and (k.recording_id = any (p_recordings)
                or (k.recording_id is null and k.start_us < p_to_us and k.start_us + k.duration_ms * 1000 > p_from_us))
           and not exists (select from segment s
                            where s.camera_id = p_camera
                              and (k.recording_id is null or s.recording_id = k.recording_id)
                              and s.start_us between k.start_us - 3600000000 and k.start_us + k.duration_ms * 1000 + 3600000000
                              and (k.recording_id is not null
                                   or (s.start_us < k.start_us + k.duration_ms * 1000
                                       and segment_end_us(s.start_us, s.duration_90k) > k.start_us)))
        returning k.*
    )
    insert into tombstone (id, household_id, camera_id, clip_id, start_us, duration_ms, reason, actor_kind, at_us)
    select uuid_v7(p_now_us), household_id, camera_id, id, start_us, duration_ms, p_reason, 'system', p_now_us from gone
$$;

-- Erase these segments: rows with their keys go, objects become garbage, bytes are given back, the hole gets its reason.
create function keeping_erase(p_camera uuid, p_ids uuid[], p_starts bigint[], p_reason text, p_now_us bigint,
                              out segments bigint, out bytes bigint, out from_us bigint, out to_us bigint, out content_sha256 bytea)
language plpgsql as $$
declare
    recordings uuid[];
    spans int8multirange;
    hole int8range;
begin
    with gone as (
        delete from segment s using unnest(p_ids, p_starts) as d (id, start_us)
         where s.id = d.id and s.start_us = d.start_us and s.camera_id = p_camera
        returning s.id, s.start_us, segment_end_us(s.start_us, s.duration_90k) as end_us, s.sealed_bytes, s.sealed_digest,
                  s.recording_id
    ), trash as (
        insert into garbage (object_id, reason, since_us) select gone.id, p_reason, p_now_us from gone on conflict do nothing
    )
    select count(*), coalesce(sum(gone.sealed_bytes), 0), min(gone.start_us), max(gone.end_us),
           sha256(string_agg(gone.sealed_digest, ''::bytea order by gone.start_us, gone.id)), array_agg(distinct gone.recording_id),
           range_agg(int8range(gone.start_us, gone.end_us + 1000000))
      into segments, bytes, from_us, to_us, content_sha256, recordings, spans
      from gone;
    if segments = 0 then
        return;
    end if;
    update camera set used_bytes = greatest(used_bytes - keeping_erase.bytes, 0) where id = p_camera;
    for hole in select unnest(spans) loop
        perform gap_note(p_camera, p_reason, lower(hole), upper(hole) - 1000000, p_now_us);
        perform stills_drop(p_camera, lower(hole), upper(hole) - 1000000, p_now_us);
    end loop;
    perform clips_settle(p_camera, recordings, keeping_erase.from_us, keeping_erase.to_us, p_reason, p_now_us);
end $$;

-- One step of a camera's sweep: at most p_limit segments whose time is up are looked at. looked = p_limit: there may be more.
create function keeping_expire(p_camera uuid, p_now_us bigint, p_limit integer,
                               out looked bigint, out segments bigint, out bytes bigint, out held bigint)
language plpgsql as $$
declare
    rules jsonb;
    least_us bigint;
    doomed uuid[];
    starts bigint[];
begin
    looked := 0; segments := 0; bytes := 0; held := 0;
    least_us := keep_least_us(keeping_rules(p_camera));
    if not exists (select from segment s
                    where s.camera_id = p_camera and coalesce(s.look_us, s.created_us) <= p_now_us - least_us) then
        return; -- mostly so, and then nobody waits for the lock
    end if;
    perform from camera where id = p_camera for update;
    rules := keeping_rules(p_camera);
    least_us := keep_least_us(rules);
    with due as materialized (
        select s.id, s.start_us,
               segment_keep_us(p_camera, s.recording_id, s.start_us, e.end_us, s.created_us, rules) as keep_us,
               held_until_us(p_camera, s.start_us, e.end_us, p_now_us) as held_us
          from segment s cross join lateral (select segment_end_us(s.start_us, s.duration_90k) as end_us) e
         where s.camera_id = p_camera and coalesce(s.look_us, s.created_us) <= p_now_us - least_us
         order by coalesce(s.look_us, s.created_us)
         limit p_limit
    ), later as ( -- what a hold keeps past its time is looked at every day
        update segment s
           set look_us = least(greatest(due.keep_us, due.held_us),
                               case when due.keep_us <= p_now_us then p_now_us + 86400000000 end) - least_us
          from due
         where s.id = due.id and s.start_us = due.start_us and (due.keep_us > p_now_us or due.held_us is not null)
    )
    select count(*), count(*) filter (where keep_us <= p_now_us and held_us is not null),
           array_agg(id) filter (where keep_us <= p_now_us and held_us is null),
           array_agg(start_us) filter (where keep_us <= p_now_us and held_us is null)
      into looked, held, doomed, starts
      from due;
    select e.segments, e.bytes into segments, bytes from keeping_erase(p_camera, doomed, starts, 'expired', p_now_us) e;
end $$;

-- Over a quota: the oldest that nothing holds goes until target_bytes are reached. p_camera null: of the whole household.
create function keeping_evict(p_household uuid, p_camera uuid, p_target_bytes bigint, p_now_us bigint, p_limit integer,
                              out segments bigint, out bytes bigint)
language plpgsql as $$
declare
    over_bytes bigint;
    victim record;
    step record;
begin
    segments := 0;
    bytes := 0;
    perform from camera c where c.household_id = p_household and (p_camera is null or c.id = p_camera) order by c.id for update;
    select sum(c.used_bytes) - p_target_bytes into over_bytes
      from camera c where c.household_id = p_household and (p_camera is null or c.id = p_camera);
    if over_bytes is null or over_bytes <= 0 then
        return;
    end if;
    for victim in
        select q.camera_id, array_agg(q.id) as ids, array_agg(q.start_us) as starts
          from (select o.*, sum(o.sealed_bytes) over (order by o.start_us, o.id) - o.sealed_bytes as before_bytes
                  from (select s.camera_id, s.id, s.start_us, s.sealed_bytes
                          from camera c
                         cross join lateral
                               (select s.camera_id, s.id, s.start_us, s.sealed_bytes
                                  from segment s
                                 where s.camera_id = c.id
                                   and held_until_us(c.id, s.start_us, segment_end_us(s.start_us, s.duration_90k), p_now_us) is null
                                 order by s.start_us, s.id
                                 limit p_limit) s
                         where c.household_id = p_household and (p_camera is null or c.id = p_camera)
                         order by s.start_us, s.id
                         limit p_limit) o) q
         where q.before_bytes < over_bytes
         group by q.camera_id
    loop
        select * into step from keeping_erase(victim.camera_id, victim.ids, victim.starts, 'quota', p_now_us);
        segments := segments + step.segments;
        bytes := bytes + step.bytes;
    end loop;
end $$;

-- ---- deleting ----
-- Footage that a deletion is about, and how: whole, or only a part of it (then it is cut first).
create function deletion_footage(d deletion, now_us bigint)
returns table (id uuid, start_us bigint, end_us bigint, sealed_bytes bigint, whole boolean, held_us bigint)
language sql stable as $$
    select s.id, s.start_us, e.end_us, s.sealed_bytes,
           d.recording_id is not null or (s.start_us >= d.from_us - 1000 and e.end_us <= d.to_us + 1000),
           held_until_us(d.camera_id, s.start_us, e.end_us, now_us)
      from segment s cross join lateral (select segment_end_us(s.start_us, s.duration_90k) as end_us) e
     where s.camera_id = d.camera_id
       and s.start_us between d.from_us - 3600000000 and d.to_us + 3600000000
       and case when d.recording_id is not null then s.recording_id = d.recording_id
                else s.start_us < d.to_us - 1000 and e.end_us > d.from_us + 1000 end -- what was rounded touches nothing
$$;

-- One step of carrying out a deletion whose undo time is over. remaining: whole segments still there; cuts: segments of which only
-- a part goes; held: stay until their hold ends.
create function deletion_purge(p_deletion uuid, p_now_us bigint, p_limit integer,
                               out segments bigint, out bytes bigint, out remaining bigint, out cuts bigint, out held bigint,
                               out over boolean)
language plpgsql as $$
declare
    d deletion;
    doomed uuid[];
    starts bigint[];
    held_us bigint;
    gone record;
begin
    segments := 0; bytes := 0; remaining := 0; cuts := 0; held := 0; over := true;
    perform from camera c where c.id = (select camera_id from deletion where id = p_deletion) for update;
    select * into d from deletion
     where id = p_deletion and undone_us is null and purged_us is null and purge_us <= p_now_us for update;
    if not found then
        return;
    end if;
    select count(*) filter (where f.whole and f.held_us is null), count(*) filter (where not f.whole and f.held_us is null),
           count(*) filter (where f.held_us is not null), min(f.held_us),
           (array_agg(f.id order by f.start_us) filter (where f.whole and f.held_us is null))[1:p_limit],
           (array_agg(f.start_us order by f.start_us) filter (where f.whole and f.held_us is null))[1:p_limit]
      into remaining, cuts, held, held_us, doomed, starts
      from deletion_footage(d, p_now_us) f;
    if remaining > 0 then
        select * into gone from keeping_erase(d.camera_id, doomed, starts, 'deleted', p_now_us);
        segments := gone.segments;
        bytes := gone.bytes;
        remaining := remaining - segments;
        insert into tombstone (id, household_id, camera_id, clip_id, deletion_id, start_us, duration_ms, reason, actor_kind, actor_id,
                               at_us, segments, bytes, content_sha256)
        values (uuid_v7(p_now_us), d.household_id, d.camera_id, d.clip_id, d.id, gone.from_us, (gone.to_us - gone.from_us) / 1000,
                'deleted', d.actor_kind, d.actor_id, p_now_us, gone.segments, gone.bytes, gone.content_sha256);
    end if;
    -- What is still on its way (a stream's last minutes) belongs to the span too.
    over := remaining = 0 and cuts = 0 and held = 0 and (d.recording_id is not null or d.to_us <= p_now_us - 300000000);
    if over then
        update deletion set purged_us = p_now_us where id = d.id;
        update clip set deletion_id = null, still = null where deletion_id = d.id;
        perform gap_note(d.camera_id, 'deleted', d.from_us, least(d.to_us, p_now_us), p_now_us) where d.from_us < p_now_us;
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, salt)
        values (uuid_v7(p_now_us), p_now_us, d.household_id, 'system', 'footage.erase', 'deletion', d.id,
                jsonb_build_object('camera_id', d.camera_id, 'from_us', d.from_us, 'to_us', d.to_us), uuid_send(gen_random_uuid()));
    else
        update deletion
           set look_us = case when remaining > 0 or cuts > 0 then p_now_us
                              when held > 0 then least(held_us, p_now_us + 3600000000) else p_now_us + 60000000 end
         where id = d.id;
    end if;
end $$;

-- Hide a span (p_clip null) or a clip, from now on and for every view. Refused: not_found, forbidden.
create function deletion_make(p_id uuid, p_account uuid, p_camera uuid, p_clip uuid, p_from_us bigint, p_to_us bigint, p_now_us bigint,
                              p_request text)
returns table (camera_id uuid, from_us bigint, to_us bigint, undo_us bigint, held boolean)
language plpgsql as $$
#variable_conflict use_column
declare
    k clip;
    c camera;
    m integer;
    d deletion;
begin
    if p_clip is not null then
        select * into k from clip where id = p_clip;
        p_camera := k.camera_id;
    end if;
    select * into c from camera where id = p_camera and removed_us is null for update;
    select rights into m from membership
     where household_id = c.household_id and account_id = p_account and (ends_us is null or ends_us > p_now_us);
    perform refuse_unless(m is not null, 'not_found'), refuse_unless(m & 8 <> 0, 'forbidden');
    if p_clip is not null then
        select * into k from clip where id = p_clip and deleted_us is null for update; -- as it is now that the camera is ours
        perform refuse_unless(found, 'not_found');
        p_from_us := k.start_us;
        p_to_us := k.start_us + greatest(k.duration_ms, 1) * 1000;
    end if;
    insert into deletion (id, household_id, camera_id, recording_id, from_us, to_us, clip_id, actor_kind, actor_id, asked_us, purge_us,
                          look_us)
    select p_id, c.household_id, c.id, k.recording_id, p_from_us, p_to_us, p_clip, 'account', p_account, p_now_us, u.at_us, u.at_us
      from household h cross join lateral (select p_now_us + coalesce(c.undo_s, h.undo_s) * 1000000::bigint as at_us) u
     where h.id = c.household_id
    returning * into d;
    update clip set deleted_us = p_now_us, deletion_id = d.id
     where camera_id = c.id and deleted_us is null
       and (id = p_clip or (p_clip is null and start_us >= p_from_us and start_us + duration_ms * 1000 <= p_to_us + 1000));
    perform stills_drop(c.id, d.from_us, d.to_us, p_now_us); -- of it nothing is shown from now on
    insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id, salt)
    values (uuid_v7(p_now_us), p_now_us, c.household_id, 'account', p_account,
            case when p_clip is null then 'footage.delete' else 'clip.delete' end,
            case when p_clip is null then 'deletion' else 'clip' end, coalesce(p_clip, d.id),
            jsonb_build_object('deletion_id', d.id, 'camera_id', c.id, 'from_us', d.from_us, 'to_us', d.to_us), p_request,
            uuid_send(gen_random_uuid()));
    held := held_until_us(c.id, d.from_us, d.to_us, p_now_us) is not null;
    if d.purge_us <= p_now_us then
        perform deletion_purge(d.id, p_now_us, 1000);
    end if;
    return query select d.camera_id, d.from_us, d.to_us, d.purge_us, held;
end $$;

-- Show again what was hidden. Refused: not_found, forbidden, gone (too late), conflict (the same upload came again).
create function deletion_undo(p_id uuid, p_account uuid, p_now_us bigint, p_request text) returns void language plpgsql as $$
declare
    d deletion;
    m integer;
begin
    perform from camera where id = (select camera_id from deletion where id = p_id) for update;
    select * into d from deletion where id = p_id for update;
    select rights into m from membership
     where household_id = d.household_id and account_id = p_account and (ends_us is null or ends_us > p_now_us);
    perform refuse_unless(m is not null, 'not_found'), refuse_unless(m & 8 <> 0, 'forbidden');
    if d.undone_us is not null then
        return;
    end if;
    perform refuse_unless(d.purge_us > p_now_us, 'gone: The time to undo this is over.');
    perform refuse_unless(not exists (select from clip k join clip n on n.camera_id = k.camera_id and n.name = k.name
                                                                    and n.upload_sha256 = k.upload_sha256 and n.deleted_us is null
                                       where k.deletion_id = d.id),
                          'conflict: The camera has sent the same clip again meanwhile.');
    update deletion set undone_us = p_now_us where id = d.id;
    update clip set deleted_us = null, deletion_id = null where deletion_id = d.id;
    insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id, salt)
    values (uuid_v7(p_now_us), p_now_us, d.household_id, 'account', p_account, 'footage.undo', 'deletion', d.id,
            jsonb_build_object('camera_id', d.camera_id, 'clip_id', d.clip_id, 'from_us', d.from_us, 'to_us', d.to_us), p_request,
            uuid_send(gen_random_uuid()));
end $$;

-- ---- holds ----
-- Nothing of a held span is erased from the moment the transaction commits; what was erased before cannot be held.
create function hold_make(p_id uuid, p_camera uuid, p_from_us bigint, p_to_us bigint, p_reason text, p_authority text, p_subject uuid,
                          p_expires_us bigint, p_now_us bigint)
returns void language plpgsql as $$
begin
    perform from camera where id = p_camera for update;
    insert into hold (id, household_id, camera_id, from_us, to_us, reason, authority, subject_id, expires_us, created_us)
    select p_id, household_id, id, p_from_us, greatest(p_to_us, p_from_us + 1), p_reason, p_authority, p_subject, p_expires_us, p_now_us
      from camera where id = p_camera;
end $$;

-- All holds of a subject end; what they kept may go with the next sweep.
create function hold_lift(p_subject uuid, p_reason text, p_now_us bigint) returns bigint language plpgsql as $$
declare
    h record;
    n bigint := 0;
begin
    perform from camera_keeping c -- before the cameras, as the sweep does
     where c.camera_id in (select camera_id from hold where subject_id = p_subject and reason = p_reason and lifted_us is null)
     order by c.camera_id for update;
    perform from camera c
     where c.id in (select camera_id from hold where subject_id = p_subject and reason = p_reason and lifted_us is null)
     order by c.id for update;
    for h in update hold set lifted_us = p_now_us
              where subject_id = p_subject and reason = p_reason and lifted_us is null
             returning camera_id, from_us, to_us
    loop
        n := n + 1;
        update segment s set look_us = null
         where s.camera_id = h.camera_id and s.look_us is not null
           and s.start_us between h.from_us - 3600000000 and h.to_us;
        update deletion d set look_us = d.purge_us
         where d.camera_id = h.camera_id and d.from_us < h.to_us and d.to_us > h.from_us and d.undone_us is null
           and d.purged_us is null;
        update camera_keeping set changed_us = p_now_us, sweep_us = least(sweep_us, p_now_us) where camera_id = h.camera_id;
    end loop;
    return n;
end $$;

-- Did somebody press Keep on this clip?
create function clip_kept(clip uuid) returns boolean language sql stable as $$
    select exists (select from hold h where h.subject_id = $1 and h.reason = 'keep' and h.lifted_us is null)
$$;

-- Keep a clip until that is taken back, or no longer. Again: no change. Refused: not_found, forbidden.
create function clip_keep(p_hold uuid, p_account uuid, p_clip uuid, p_keep boolean, p_now_us bigint, p_request text) returns void
language plpgsql as $$
declare
    k clip;
    m integer;
begin
    select * into k from clip where id = p_clip;
    perform from camera_keeping where camera_id = k.camera_id and not p_keep for update;
    perform from camera where id = k.camera_id for update;
    select rights into m from membership
     where household_id = k.household_id and account_id = p_account and (ends_us is null or ends_us > p_now_us);
    perform refuse_unless(m is not null, 'not_found'), refuse_unless(m & 8 <> 0, 'forbidden');
    if p_keep then
        select * into k from clip where id = p_clip and deleted_us is null; -- as it is now that the camera is ours
        perform refuse_unless(found, 'not_found');
    end if;
    if p_keep = clip_kept(p_clip) then
        return;
    elsif p_keep then
        perform hold_make(p_hold, k.camera_id, k.start_us, k.start_us + k.duration_ms * 1000, 'keep',
                          (select case when name = '' then email else name end from account where id = p_account), k.id, null, p_now_us);
    else
        perform hold_lift(p_clip, 'keep', p_now_us);
    end if;
    insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, request_id, salt)
    values (uuid_v7(p_now_us), p_now_us, k.household_id, 'account', p_account, case when p_keep then 'clip.keep' else 'clip.unkeep' end,
            'clip', p_clip, p_request, uuid_send(gen_random_uuid()));
end $$;

-- ---- changing the rules ----
-- p_rules: [{"kind","keep_s"}], null: they stay. p_all: they count for what is there too, else for what comes from now on.
-- p_set: any of undo_s, quota_bytes, quota_soft_bytes. Refused: not_found, forbidden, conflict.
create function retention_put(p_account uuid, p_camera uuid, p_rules jsonb, p_all boolean, p_set jsonb, p_now_us bigint, p_request text)
returns void language plpgsql as $$
declare
    c camera;
    m integer;
begin
    perform from camera_keeping where camera_id = p_camera for update;
    select * into c from camera where id = p_camera and removed_us is null for update;
    select rights into m from membership
     where household_id = c.household_id and account_id = p_account and (ends_us is null or ends_us > p_now_us);
    perform refuse_unless(m is not null, 'not_found'), refuse_unless(m & 32 <> 0, 'forbidden');
    update camera
       set undo_s = case when p_set ? 'undo_s' then (p_set->>'undo_s')::integer else undo_s end,
           quota_bytes = case when p_set ? 'quota_bytes' then (p_set->>'quota_bytes')::bigint else quota_bytes end,
           quota_soft_bytes = case when p_set ? 'quota_soft_bytes' then (p_set->>'quota_soft_bytes')::bigint else quota_soft_bytes end
    where id = p_camera;
    if p_rules is not null and p_all then
        delete from retention_rule where camera_id = p_camera;
        insert into retention_rule (camera_id, kind, since_us, keep_s)
        select p_camera, r->>'kind', 0, (r->>'keep_s')::bigint from jsonb_array_elements(p_rules) r;
        update segment set look_us = null where camera_id = p_camera and look_us is not null;
    elsif p_rules is not null then
        -- Versions that no footage is old enough for are of no use any more.
        delete from retention_rule r
         where r.camera_id = p_camera
           and exists (select from retention_rule l
                        where l.camera_id = r.camera_id and l.kind = r.kind and l.since_us > r.since_us
                          and l.since_us <= (select coalesce(min(s.created_us), p_now_us) from segment s where s.camera_id = p_camera));
        perform refuse_unless((select count(*) from retention_rule where camera_id = p_camera) < 200,
                              'conflict: The rules were changed very often; apply them to all footage.');
        insert into retention_rule (camera_id, kind, since_us, keep_s)
        select p_camera, k.kind, p_now_us, (r.r->>'keep_s')::bigint
          from (select x->>'kind' as kind from jsonb_array_elements(p_rules) x
                union select kind from retention_rule where camera_id = p_camera) k
          left join (select x as r from jsonb_array_elements(p_rules) x) r on r.r->>'kind' = k.kind
         where (r.r->>'keep_s')::bigint is distinct from
               (select l.keep_s from retention_rule l where l.camera_id = p_camera and l.kind = k.kind order by l.since_us desc limit 1)
            on conflict (camera_id, kind, since_us) do update set keep_s = excluded.keep_s;
    end if;
    update camera_keeping set changed_us = p_now_us, sweep_us = least(sweep_us, p_now_us) where camera_id = p_camera;
    insert into ledger_entry (id, at_us, household_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, request_id, salt)
    values (uuid_v7(p_now_us), p_now_us, c.household_id, 'account', p_account, 'camera.retention', 'camera', p_camera,
            jsonb_build_object('rules', p_rules, 'apply', case when p_all then 'all' else 'new' end) || p_set, p_request,
            uuid_send(gen_random_uuid()));
end $$;

-- What the rules would erase now that the present ones would not.
create function retention_preview(p_camera uuid, p_rules jsonb, p_now_us bigint,
                                  out clips bigint, out segments bigint, out bytes bigint, out from_us bigint, out to_us bigint,
                                  out held_segments bigint, out held_bytes bigint)
language sql stable as $$
    with holds as materialized (
        select range_agg(int8range(h.from_us, h.to_us)) as spans
          from hold h
         where h.camera_id = p_camera and h.lifted_us is null and (h.expires_us is null or h.expires_us > p_now_us)
    ), doomed as materialized (
        select n.id, n.recording_id, n.start_us, n.end_us, n.sealed_bytes,
               coalesce((select h.spans && int8range(n.start_us, n.end_us) from holds h), false) as held
          from camera_keeps(p_camera, p_rules, keeping_rules(p_camera), p_now_us - keep_least_us(p_rules)) n
         where n.keep_us <= p_now_us and n.other_keep_us > p_now_us
    ), free as materialized (
        select * from doomed where not held
    ), over as materialized ( -- recordings of which nothing stays
        select f.recording_id from free f group by f.recording_id
        having count(*) = (select count(*) from segment s where s.recording_id = f.recording_id)
    )
    select (select count(*) from clip k
             where k.camera_id = p_camera and k.deleted_us is null and k.recording_id in (select o.recording_id from over o))
               + (select count(*) from clip k -- those that somebody made over other footage are few
                   where k.camera_id = p_camera and k.deleted_us is null and k.recording_id is null
                     and exists (select from free f where f.start_us < k.start_us + k.duration_ms * 1000 and f.end_us > k.start_us)
                     and not exists (select from segment s
                                      where s.camera_id = p_camera
                                        and s.start_us between k.start_us - 3600000000 and k.start_us + k.duration_ms * 1000
                                        and segment_end_us(s.start_us, s.duration_90k) > k.start_us
                                        and s.id not in (select f.id from free f))),
           (select count(*) from free), (select coalesce(sum(sealed_bytes), 0) from free)::bigint, (select min(start_us) from free),
           (select max(end_us) from free), (select count(*) from doomed where held),
           (select coalesce(sum(sealed_bytes), 0) from doomed where held)::bigint
$$;

-- ---- the sweep ----
-- A safety net under rules, clock and look_us: is much to go that should have gone with an earlier sweep, though nobody changed
-- anything since? (A server that was off is behind with its sweeps too, so that is not unusual.)
create function sweep_unusual(p_camera uuid, p_swept_us bigint, p_changed_us bigint, p_now_us bigint) returns boolean
language plpgsql stable as $$
declare
    rules jsonb := keeping_rules(p_camera);
    overdue bigint;
begin
    if p_swept_us = 0 or p_changed_us >= p_swept_us
       or (select count(*) from (select from segment s
                                  where s.camera_id = p_camera
                                    and coalesce(s.look_us, s.created_us) <= p_now_us - keep_least_us(rules) limit 100) due) < 100
       or exists (select from hold h where h.camera_id = p_camera and h.expires_us between p_swept_us and p_now_us)
       or exists (select from clip k where k.camera_id = p_camera and k.deleted_us >= p_swept_us)
       or exists (select from deletion d where d.camera_id = p_camera and greatest(d.asked_us, d.undone_us, d.purged_us) >= p_swept_us) then
        return false;
    end if;
    select count(*) into overdue
      from segment s cross join lateral (select segment_end_us(s.start_us, s.duration_90k) as end_us) e
     where s.camera_id = p_camera and coalesce(s.look_us, s.created_us) <= p_now_us - keep_least_us(rules)
       and segment_keep_us(p_camera, s.recording_id, s.start_us, e.end_us, s.created_us, rules) < p_swept_us - 3600000000
       and held_until_us(p_camera, s.start_us, e.end_us, p_now_us) is null;
    return overdue >= 100 and overdue * 4 > (select count(*) from segment s where s.camera_id = p_camera);
end $$;

-- One step: the camera whose turn it is, taken by one sweeper at a time. Camera null: it is nobody's turn. more: it is this one's turn
-- again at once. The soft limit is only looked at: what came of it is told to the ledger when it is passed, and once it is kept again.
create function sweep_next(p_now_us bigint, p_every_us bigint, p_limit integer,
                           out camera uuid, out segments bigint, out bytes bigint, out held bigint, out over_segments bigint,
                           out over_bytes bigint, out more boolean, out soft boolean, out halted boolean)
language plpgsql as $$
declare
    k camera_keeping;
    c camera;
    e record;
begin
    select * into k from camera_keeping where sweep_us <= p_now_us order by sweep_us limit 1 for update skip locked;
    if not found then
        return;
    end if;
    camera := k.camera_id;
    halted := k.halted_us is not null or sweep_unusual(k.camera_id, k.swept_us, k.changed_us, p_now_us);
    if halted then
        segments := 0; bytes := 0; held := 0;
        more := false;
    else
        select * into e from keeping_expire(k.camera_id, p_now_us, p_limit);
        segments := e.segments; bytes := e.bytes; held := e.held;
        more := e.looked >= p_limit;
    end if;
    select * into c from camera where id = k.camera_id;
    if halted and k.halted_us is null then
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, salt)
        values (uuid_v7(p_now_us), p_now_us, c.household_id, 'system', 'footage.halt', 'camera', c.id, uuid_send(gen_random_uuid()));
    end if;
    over_segments := 0; over_bytes := 0;
    if c.used_bytes > c.quota_bytes then
        select * into e from keeping_evict(c.household_id, c.id, c.quota_bytes, p_now_us, p_limit);
        over_segments := e.segments; over_bytes := e.bytes;
        more := more or e.segments >= p_limit;
    end if;
    soft := coalesce(c.used_bytes - over_bytes > c.quota_soft_bytes, false);
    if soft and not k.soft_warned then
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, salt)
        values (uuid_v7(p_now_us), p_now_us, c.household_id, 'system', 'storage.soft_limit', 'camera', c.id,
                jsonb_build_object('used_bytes', c.used_bytes, 'quota_soft_bytes', c.quota_soft_bytes), uuid_send(gen_random_uuid()));
    end if;
    if segments > 0 or over_segments > 0 then
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, salt)
        values (uuid_v7(p_now_us), p_now_us, c.household_id, 'system', 'footage.expire', 'camera', c.id,
                jsonb_build_object('segments', segments, 'bytes', bytes, 'over_quota_segments', over_segments, 'over_quota_bytes',
                                   over_bytes), uuid_send(gen_random_uuid()));
    end if;
    update camera_keeping
       set sweep_us = case when more then p_now_us else p_now_us + p_every_us end,
           swept_us = case when more or halted then swept_us else p_now_us end, soft_warned = soft,
           halted_us = case when halted then coalesce(halted_us, p_now_us) end
     where camera_id = k.camera_id;
end $$;

-- What was given and may not be looked at any more goes too: the copies of grants that are over.
create function grants_over(p_now_us bigint, p_limit integer) returns bigint language plpgsql as $$
declare
    n bigint;
begin
    with over as (
        select s.object_id, f.id, f.household_id
          from footage_grant f join grant_item t on t.grant_id = f.id join grant_segment s on s.item_id = t.id
         where f.expires_us <= p_now_us
         limit p_limit
    ), dropped as (
        delete from grant_segment s using over where s.object_id = over.object_id returning s.object_id
    ), thrown as (
        insert into garbage (object_id, reason, since_us) select object_id, 'expired', p_now_us from dropped on conflict do nothing
    ), told as (
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, salt)
        select uuid_v7(p_now_us), p_now_us, o.household_id, 'system', 'grant.erase', 'grant', o.id, uuid_send(gen_random_uuid())
          from (select distinct id, household_id from over) o
    )
    select count(*) into n from dropped;
    return n;
end $$;

-- Households over their quota (p_soft: over their soft one, and cameras over theirs; for when the disk is full), oldest footage first.
create function evict_next(p_now_us bigint, p_soft boolean, p_limit integer,
                           out household uuid, out segments bigint, out bytes bigint)
language plpgsql as $$
declare
    v record;
    e record;
begin
    segments := 0; bytes := 0;
    for v in
        select h.id as household_id, null::uuid as camera_id, case when p_soft then least(h.quota_bytes, h.quota_soft_bytes)
                                                                   else h.quota_bytes end as target
          from household h
         where (h.quota_bytes is not null or (p_soft and h.quota_soft_bytes is not null))
           and (select sum(c.used_bytes) from camera c where c.household_id = h.id)
               > case when p_soft then least(h.quota_bytes, h.quota_soft_bytes) else h.quota_bytes end
        union all
        select c.household_id, c.id, c.quota_soft_bytes from camera c where p_soft and c.used_bytes > c.quota_soft_bytes
         limit 20
    loop
        select * into e from keeping_evict(v.household_id, v.camera_id, v.target, p_now_us, p_limit);
        if e.segments > 0 then
            household := v.household_id;
            segments := e.segments;
            bytes := e.bytes;
            insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, salt)
            values (uuid_v7(p_now_us), p_now_us, v.household_id, 'system', 'footage.expire', 'household', v.household_id,
                    jsonb_build_object('over_quota_segments', e.segments, 'over_quota_bytes', e.bytes), uuid_send(gen_random_uuid()));
            return; -- one a step: what is held may keep others over their quota, so go on only while something goes
        end if;
    end loop;
end $$;

-- A segment of which a part goes was copied without that part (rows of the same transaction, p_added_bytes): the old one goes.
-- Refused when the deletion, the segment or a hold says otherwise by now.
create function deletion_cut(p_deletion uuid, p_segment uuid, p_start_us bigint, p_gone_from_us bigint, p_gone_to_us bigint,
                             p_added_bytes bigint, p_now_us bigint)
returns void language plpgsql as $$
declare
    d deletion;
    s segment;
begin
    perform from camera c where c.id = (select camera_id from deletion where id = p_deletion) for update;
    select * into d from deletion
     where id = p_deletion and undone_us is null and purged_us is null and purge_us <= p_now_us for update;
    perform refuse_unless(found, 'gone');
    delete from segment where id = p_segment and start_us = p_start_us and camera_id = d.camera_id returning * into s;
    perform refuse_unless(found, 'gone');
    perform refuse_unless(held_until_us(d.camera_id, s.start_us, segment_end_us(s.start_us, s.duration_90k), p_now_us) is null, 'conflict');
    insert into garbage (object_id, reason, since_us) values (s.id, 'cut', p_now_us) on conflict do nothing;
    update camera set used_bytes = greatest(used_bytes - s.sealed_bytes + p_added_bytes, 0) where id = d.camera_id;
    perform gap_note(d.camera_id, 'deleted', p_gone_from_us, p_gone_to_us, p_now_us);
    perform stills_drop(d.camera_id, p_gone_from_us, p_gone_to_us, p_now_us);
    perform clips_settle(d.camera_id, array[s.recording_id], p_gone_from_us, p_gone_to_us, 'deleted', p_now_us);
    insert into tombstone (id, household_id, camera_id, clip_id, deletion_id, start_us, duration_ms, reason, actor_kind, actor_id,
                           at_us, segments, bytes, content_sha256)
    values (uuid_v7(p_now_us), d.household_id, d.camera_id, d.clip_id, d.id, p_gone_from_us, (p_gone_to_us - p_gone_from_us) / 1000,
            'deleted', d.actor_kind, d.actor_id, p_now_us, 1, s.sealed_bytes - p_added_bytes, sha256(s.sealed_digest));
end $$;

-- A partial clip gives way to the whole upload that begins with it, unless a hold covers it: then both stay.
create function clip_replace(p_clip uuid, p_now_us bigint, p_tombstone uuid, p_camera uuid) returns void language plpgsql as $$
declare
    k clip;
begin
    perform from camera where id = p_camera for update;
    select * into k from clip where id = p_clip and camera_id = p_camera and deleted_us is null;
    if not found or held_until_us(p_camera, k.start_us, k.start_us + greatest(k.duration_ms, 1) * 1000, p_now_us) is not null then
        return;
    end if;
    update clip set deleted_us = p_now_us, still = null where id = p_clip;
    with dropped as (
        delete from segment s
         where s.recording_id = k.recording_id
           and s.start_us between k.start_us - 3600000000 and k.start_us + k.duration_ms * 1000 + 3600000000
        returning s.id, s.sealed_bytes
    ), thrown as (
        insert into garbage (object_id, reason, since_us) select id, 'replaced', p_now_us from dropped on conflict do nothing
    )
    update camera set used_bytes = greatest(used_bytes - (select coalesce(sum(sealed_bytes), 0) from dropped), 0) where id = p_camera;
    insert into tombstone (id, household_id, camera_id, clip_id, start_us, duration_ms, reason, actor_kind, actor_id, at_us)
    values (p_tombstone, k.household_id, p_camera, p_clip, k.start_us, k.duration_ms, 'replaced', 'camera', p_camera, p_now_us);
end $$;

-- What an owner gives to an agency is held from the moment the copies are begun (reason request, subject: the inbox item), and then as
-- long as the grant lasts (reason grant). Refused (conflict) when the clip was deleted meanwhile.
create function hold_for_share(p_item uuid, p_clip uuid, p_from_us bigint, p_to_us bigint, p_reason text, p_subject uuid,
                               p_expires_us bigint, p_now_us bigint)
returns void language plpgsql as $$
begin
    perform hold_make(uuid_v7(p_now_us), k.camera_id, p_from_us, p_to_us, p_reason,
                      (select g.name || ', case ' || r.case_ref
                         from request_recipient i join request r on r.id = i.request_id join agency g on g.id = r.agency_id
                        where i.id = p_item), p_subject, p_expires_us, p_now_us)
       from clip k where k.id = p_clip;
    perform refuse_unless(exists (select from clip k where k.id = p_clip and k.deleted_us is null
                                                       and not is_hidden(k.camera_id, k.recording_id, p_from_us, p_to_us)),
                          'conflict: A clip was deleted meanwhile.');
end $$;

-- What the scrub found of an object: it does not open, or it opens again. Told to the ledger when that is new.
create function scrub_mark(p_object uuid, p_corrupt boolean, p_now_us bigint) returns void language plpgsql as $$
declare
    s segment;
    household uuid;
    camera uuid;
begin
    update segment set corrupt_us = case when p_corrupt then p_now_us end
     where id = p_object and (corrupt_us is null) = p_corrupt returning * into s;
    if found then
        household := s.household_id;
        camera := s.camera_id;
        if p_corrupt then
            perform gap_note(s.camera_id, 'corrupt', s.start_us, segment_end_us(s.start_us, s.duration_90k), p_now_us);
        end if;
    else
        update grant_segment g set corrupt_us = case when p_corrupt then p_now_us end
          from grant_item i join footage_grant f on f.id = i.grant_id
         where g.object_id = p_object and i.id = g.item_id and (g.corrupt_us is null) = p_corrupt
        returning f.household_id into household;
    end if;
    if household is not null then
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, salt)
        values (uuid_v7(p_now_us), p_now_us, household, 'system', case when p_corrupt then 'footage.corrupt' else 'footage.mended' end,
                'segment', p_object, jsonb_build_object('camera_id', camera, 'start_us', s.start_us), uuid_send(gen_random_uuid()));
    end if;
end $$;

-- What would be erased now, by camera and reason.
create function gc_preview(p_now_us bigint)
returns table (household uuid, camera uuid, name text, reason text, segments bigint, bytes bigint, held_segments bigint, held_bytes bigint)
language sql stable as $$
    with due as materialized ( -- cameras with something old enough to be looked at
        select c.household_id, c.id, c.name, r.rules, r.least_us
          from camera c
         cross join lateral (select keeping_rules(c.id) as rules, keep_least_us(keeping_rules(c.id)) as least_us offset 0) r
         where exists (select from segment s
                        where s.camera_id = c.id and coalesce(s.look_us, s.created_us) <= p_now_us - r.least_us)
    ), past as (
        select c.household_id, c.id, c.name, s.sealed_bytes, held_until_us(c.id, s.start_us, s.end_us, p_now_us) as held_us
          from due c cross join lateral camera_keeps(c.id, c.rules, '[]', p_now_us - c.least_us) s
         where s.keep_us <= p_now_us
    ), expired as (
        select household_id, id, name, count(*) filter (where held_us is null) as segments,
               coalesce(sum(sealed_bytes) filter (where held_us is null), 0)::bigint as bytes,
               count(*) filter (where held_us is not null) as held_segments,
               coalesce(sum(sealed_bytes) filter (where held_us is not null), 0)::bigint as held_bytes
          from past group by household_id, id, name
    )
    select household_id, id, name, 'expired', segments, bytes, held_segments, held_bytes from expired
    union all
    select c.household_id, c.id, c.name, 'deleted', count(*) filter (where f.held_us is null),
           coalesce(sum(f.sealed_bytes) filter (where f.held_us is null), 0)::bigint, count(*) filter (where f.held_us is not null),
           coalesce(sum(f.sealed_bytes) filter (where f.held_us is not null), 0)::bigint
      from deletion d
      join camera c on c.id = d.camera_id
     cross join lateral deletion_footage(d, p_now_us) f
     where d.purge_us <= p_now_us and d.undone_us is null and d.purged_us is null
     group by c.household_id, c.id, c.name
    union all
    select c.household_id, c.id, c.name, 'quota', null, c.used_bytes - coalesce(x.bytes, 0) - c.quota_bytes, 0, 0
      from camera c left join expired x on x.id = c.id
     where c.used_bytes - coalesce(x.bytes, 0) > c.quota_bytes
    union all
    select h.id, null, h.name, 'quota', null, u.bytes - h.quota_bytes, 0, 0
      from household h
     cross join lateral (select coalesce(sum(c.used_bytes), 0)::bigint as bytes from camera c where c.household_id = h.id) u
     where u.bytes > h.quota_bytes
     order by 1, 2, 4
$$;

-- What the forecast needs to know of a camera: what came in the last seven days and in how long, how long what comes is kept (the
-- longest of the kinds that come), and when its oldest footage came.
create function camera_growth(a_camera uuid, now_us bigint, out recent_bytes bigint, out recent_us bigint, out keep_us bigint,
                              out oldest_us bigint)
language sql stable as $$
    with days as (
        select sum(d.bytes)::bigint as bytes, min(d.day) as first
          from camera_day d where d.camera_id = a_camera and d.day > now_us / 86400000000 - 7
    ), since as ( -- the first day of all counts from the camera's beginning
        select greatest(d.first * 86400000000, c.created_us) as us from days d, camera c where c.id = a_camera
    )
    select coalesce((select bytes from days), 0), coalesce(now_us - (select us from since), 0),
           coalesce((select max(keep_for_us(keeping_rules(a_camera), k.kind, now_us))
                       from (select distinct kind from clip
                              where camera_id = a_camera and deleted_us is null and start_us > now_us - 604800000000) k),
                    keep_for_us(keeping_rules(a_camera), 'continuous', now_us)),
           coalesce((select s.created_us from segment s where s.camera_id = a_camera order by s.start_us limit 1), 0)
$$;

-- Bytes that a camera may still send; null: no quota says.
create function camera_room(a_camera uuid) returns bigint language sql stable as $$
    select least(c.quota_bytes - c.used_bytes,
                 h.quota_bytes - (select sum(o.used_bytes)::bigint from camera o where o.household_id = h.id and h.quota_bytes is not null))
      from camera c join household h on h.id = c.household_id where c.id = a_camera
$$;

-- ---- is it still recording? ----
create index camera_stopped on camera (id) where stopped_us is not null;

-- Should the camera be sending now, by what it did lately? Streams: ten minutes of footage came bit by bit in the quarter of an hour
-- before its last. Clips: it sent at least 20 in two weeks, and is silent for more than a day and three times its longest pause.
create function camera_expected(a_camera uuid, last_us bigint, now_us bigint) returns boolean language sql stable as $$
    with latest as (
        select s.created_us, s.duration_90k from segment s where s.camera_id = a_camera order by s.start_us desc limit 400
    ), near as (
        select sum(duration_90k) / 90000.0 as seconds, max(created_us) - min(created_us) as spread_us
          from latest where created_us > last_us - 900000000
    ), clips as (
        select k.created_us, k.created_us - lag(k.created_us) over (order by k.created_us) as pause_us
          from (select created_us from clip where camera_id = a_camera and deleted_us is null and start_us > now_us - 1209600000000
                 order by start_us desc limit 200) k
    )
    select coalesce((select seconds >= 600 and spread_us >= 300000000 from near), false)
        or coalesce((select count(*) >= 20 and now_us - last_us > greatest(86400000000, 3 * max(pause_us)) from clips), false)
$$;

-- One camera whose turn it is. Silent: nothing was kept for longer than p_lag_us though it sends or should. Opens and closes the gaps
-- 'offline' and 'quota'. Null camera: it is nobody's turn. changed: +1 it stopped, -1 it records again.
create function watch_next(p_now_us bigint, p_every_us bigint, p_lag_us bigint,
                           out camera uuid, out lag_us bigint, out changed integer, out stopped bigint)
language plpgsql as $$
declare
    k camera_keeping;
    c camera;
    last record;
    sends_us bigint;
    silent boolean;
    next_us bigint := p_now_us + p_every_us;
begin
    changed := 0;
    select * into k from camera_keeping where watch_us <= p_now_us order by watch_us limit 1 for update skip locked;
    if not found then
        return;
    end if;
    camera := k.camera_id;
    select * into c from camera where id = k.camera_id;
    select max(n.created_us) as created_us, max(n.end_us) as end_us into last
      from (select s.created_us, segment_end_us(s.start_us, s.duration_90k) as end_us
              from segment s where s.camera_id = c.id order by s.start_us desc limit 8) n;
    select min(u.created_us) into sends_us from upload u where u.camera_id = c.id and u.live and u.orphaned_us is null;
    if sends_us is not null then
        lag_us := p_now_us - greatest(sends_us, last.created_us);
        silent := lag_us > p_lag_us;
    elsif last.created_us is null or last.created_us > p_now_us - p_lag_us then
        silent := false;
    elsif c.stopped_us is not null then
        silent := true; -- until something comes
    else
        silent := camera_expected(c.id, last.created_us, p_now_us);
        if not silent then -- it need not send: what it did lately does not change until it does
            next_us := p_now_us + 10 * p_every_us;
        end if;
    end if;
    if not c.enabled or c.removed_us is not null then
        silent := false; -- its owner wants it so
    end if;
    if silent and c.stopped_us is null then
        changed := 1;
        update camera set stopped_us = coalesce(last.created_us, sends_us) where id = c.id;
        insert into gap (id, household_id, camera_id, from_us, reason, created_us)
        values (uuid_v7(p_now_us), c.household_id, c.id, coalesce(least(last.end_us, p_now_us), sends_us),
                case when camera_room(c.id) <= 0 then 'quota' else 'offline' end, p_now_us)
        on conflict do nothing;
    elsif not silent and c.stopped_us is not null then
        changed := -1;
        update camera set stopped_us = null where id = c.id;
        -- Up to the first footage behind it, or until now when the camera was switched off.
        update gap g
           set to_us = greatest(g.from_us + 1, coalesce((select min(s.start_us) from segment s
                                                          where s.camera_id = c.id and s.start_us >= g.from_us - 1000000
                                                            and s.created_us >= g.created_us), p_now_us))
         where g.camera_id = c.id and g.to_us is null and g.reason in ('offline', 'quota');
    end if;
    if changed <> 0 then
        insert into ledger_entry (id, at_us, household_id, actor_kind, action, subject_kind, subject_id, detail, salt)
        values (uuid_v7(p_now_us), p_now_us, c.household_id, 'system', case when changed > 0 then 'camera.stopped' else 'camera.records' end,
                'camera', c.id, jsonb_build_object('last_us', last.created_us), uuid_send(gen_random_uuid()));
        select count(*) into stopped from camera where stopped_us is not null;
    end if;
    update camera_keeping set watch_us = next_us where camera_id = k.camera_id;
end $$;

-- Footage comes: who was not expected to send is looked at in time again. (Only cameras put off for long are touched.)
create function watch_again() returns trigger language plpgsql as $$
begin
    update camera_keeping set watch_us = new.created_us + 30000000
     where camera_id = new.camera_id and watch_us > new.created_us + 60000000;
    return null;
end $$;
create trigger watch_again after insert on recording for each row execute function watch_again();
