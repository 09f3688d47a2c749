-- An object of an upload passes to the segment row of this transaction. Refused when that happened before, or the upload is over.
-- $1 object
with gone as (
    delete from upload_object where object_id = $1::uuid returning object_id
)
select case when count(*) = 1 then true else refuse('the object belongs to no upload') end from gone
