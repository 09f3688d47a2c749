-- A journal is finished: what it became is in this transaction. Its own object, if that was put, goes. Refused when it was done before.
-- $1 object of the journal, $2 now (us)
with gone as (
    delete from upload_object where object_id = $1::uuid returning object_id
), thrown as (
    insert into garbage (object_id, reason, since_us) select object_id, 'abandoned', $2::bigint from gone on conflict do nothing
)
select case when count(*) = 1 then true else refuse('the journal is finished already') end from gone
