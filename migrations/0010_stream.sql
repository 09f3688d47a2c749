-- (to be filled by its capability)
comment on table upload is 'an HTTP body under way; owns the objects it has put until they are committed';
