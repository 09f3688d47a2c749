-- What an earlier life of this node was making when it ended. $1 node, $2 begun before (us), $3 now_us
with gone as (delete from sprite where node = $1::text and made_us is null and begun_us < $2::bigint returning id)
insert into garbage (object_id, reason, since_us) select gone.id, 'abandoned', $3::bigint from gone on conflict do nothing
