-- Answers of owners: the inbox item gets an id of its own, a grant its own key, a granted file its size.

-- A UUIDv7 made in SQL, for rows that a statement makes many of.
create function uuid_v7(at_us bigint) returns uuid language sql volatile as $$
    select (lpad(to_hex(at_us / 1000), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;

alter table request_recipient add column id uuid not null default uuid_v7((extract(epoch from clock_timestamp()) * 1000000)::bigint);
alter table request_recipient add constraint request_recipient_id unique (id);

-- The grant's key, under the master key: its objects open without the household's, and are lost with this row's key alone.
alter table footage_grant add column wrapped_key bytea not null check (octet_length(wrapped_key) = 60);
alter table grant_item add column file_bytes bigint not null check (file_bytes > 0); -- of the MP4 that the agency downloads
