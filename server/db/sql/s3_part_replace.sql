-- The same part once more: what was there before is dropped. Before s3_part_done.sql.
-- $1 uuid body
-- columns: dropped bodies
update s3_part p set state = 'dropped'
  from s3_part mine
 where mine.body_id = $1::uuid and p.upload_id = mine.upload_id and p.number = mine.number and p.state = 'done'
   and p.body_id <> mine.body_id
returning p.body_id;
