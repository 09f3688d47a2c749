-- A sprite will not be made after all: its object, if there is one, becomes garbage. $1 id, $2 now_us
with gone as (delete from sprite where id = $1::uuid and made_us is null returning id)
insert into garbage (object_id, reason, since_us) select gone.id, 'abandoned', $2::bigint from gone on conflict do nothing
