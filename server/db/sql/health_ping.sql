-- Does the database answer, and at which schema? Purpose: /readyz
-- Parameters: none
-- Columns: newest applied migration
select coalesce(max(number), 0) from schema_migration
