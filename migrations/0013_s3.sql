-- The S3 door: the cameras' keys, what they delivered under which object key, multipart uploads under way.

-- The secret is not here: it is derived from the master key, the access key and the salt.
create table s3_key (
    access_key text primary key check (access_key ~ '^[A-Z0-9]{20}$'),
    camera_id  uuid not null references camera,
    salt       bytea not null check (octet_length(salt) = 32),
    token_hash bytea check (octet_length(token_hash) = 32), -- SHA-256 of the session token that must come along; null: permanent
    created_us bigint not null,
    expires_us bigint,
    revoked_us bigint,
    check ((token_hash is null) = (expires_us is null))
);
create index s3_key_camera on s3_key (camera_id);

-- Access tokens from POST /oauth/token, for configuration renewal.
create table camera_token (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    camera_id  uuid not null references camera,
    created_us bigint not null,
    expires_us bigint not null,
    revoked_us bigint
);
create index camera_token_camera on camera_token (camera_id);

-- What a camera delivered: its memory, so that a tool which synchronises sends nothing twice. Stays when the owner deletes the clip.
create table s3_object (
    camera_id    uuid not null references camera,
    key          text collate "C" not null check (octet_length(key) between 1 and 255),
    clip_id      uuid,            -- null: an empty object (end of a span, a folder's mark)
    bytes        bigint not null,
    etag         text not null,   -- without quotes: MD5 of the body, or of the parts' MD5s and their count
    content_type text not null default '',
    metadata     text not null default '', -- "name:value" lines of the x-amz-meta- headers
    modified_us  bigint not null,
    span         text,            -- ONVIF keys: prefix, postfix and extension, the same for all of a span
    span_number  integer,         -- the counter in the key
    span_us      bigint,          -- the time in the key
    missing      integer,         -- the end of a span: how many of its segments had not come by then
    primary key (camera_id, key)
);
create index s3_object_span on s3_object (camera_id, span, span_us) where span is not null;
create index s3_object_clip on s3_object (clip_id) where clip_id is not null;

-- Signatures of PutObject that were taken: sent again, they answer as the first did and take no other body.
create table s3_signature (
    signature  bytea primary key check (octet_length(signature) = 32),
    camera_id  uuid not null references camera,
    until_us   bigint not null,   -- the signature is too old from then on
    bytes      bigint,            -- null: not stored (yet)
    etag       text
);
create index s3_signature_camera on s3_signature (camera_id, until_us);

-- A multipart upload: its parts wait in the spool.
create table s3_upload (
    id           uuid primary key,
    camera_id    uuid not null references camera,
    key          text collate "C" not null check (octet_length(key) between 1 and 255),
    content_type text not null default '',
    metadata     text not null default '',
    created_us   bigint not null,
    etag         text             -- of the completed object: asked again, the answer is the same
);
create index s3_upload_camera on s3_upload (camera_id, key);
create index s3_upload_created on s3_upload (created_us);
create table s3_part (
    body_id     uuid primary key, -- in the spool, area S3; the row is made before the body and goes after it
    upload_id   uuid not null references s3_upload,
    number      integer not null check (number between 1 and 10000),
    state       text not null check (state in ('open', 'done', 'dropped')), -- dropped: another body took its place
    bytes       bigint not null,
    etag        text not null,
    modified_us bigint not null
);
create index s3_part_upload on s3_part (upload_id, number);

-- The first key behind `after` that begins with `prefix`; common: where it is rolled up, up to and with the delimiter.
create function s3_next(camera uuid, prefix text, delimiter text, after text) returns table (key text, common text)
    language sql stable as $$
    select o.key,
           case when delimiter <> '' and position(delimiter in substr(o.key, length(prefix) + 1)) > 0
                then left(o.key, length(prefix) + position(delimiter in substr(o.key, length(prefix) + 1)) + length(delimiter) - 1) end
      from s3_object o
     where o.camera_id = camera and o.key collate "C" > after and o.key collate "C" >= prefix
       and o.key collate "C" < prefix || chr(1114111)
     order by o.key collate "C" limit 1
$$;
