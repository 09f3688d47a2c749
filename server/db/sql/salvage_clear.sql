-- What an earlier try at a journal of this upload has put goes. $1 upload, $2 now (us)
with gone as (
    delete from upload_object where upload_id = $1::uuid and wrapped_key is null returning object_id
)
insert into garbage (object_id, reason, since_us) select object_id, 'abandoned', $2::bigint from gone on conflict do nothing
