-- The list of applied migrations. No parameters.
create table if not exists schema_migration (
    number     integer primary key,
    name       text not null,
    sha256     text not null, -- hex, of the file
    applied_us bigint not null
)
