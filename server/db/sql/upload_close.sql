-- The upload's objects pass to the segment rows of this transaction. First statement of the commit: refused when the upload was
-- given up meanwhile.
-- $1 upload
with gone as (
    delete from upload where id = $1::uuid returning id
)
select case when count(*) = 1 then true else refuse('the upload was given up') end from gone
