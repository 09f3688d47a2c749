-- Applied migrations in order. No parameters. Columns: number, name, sha256.
select number, name, sha256 from schema_migration order by number
