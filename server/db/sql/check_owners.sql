-- Who owns these objects. One statement, one snapshot: an object that passes from an upload to its rows is seen in one place.
-- $1 ids as the text of an array, '{...}'. Columns: 0 id, 1 committed rows, 2 garbage rows, 3 uploads and sprites under way
select o.id,
       (select count(*) from segment where segment.id = o.id)
           + (select count(*) from grant_segment where grant_segment.object_id = o.id)
           + (select count(*) from sprite where sprite.id = o.id and sprite.made_us is not null),
       (select count(*) from garbage where garbage.object_id = o.id),
       (select count(*) from upload_object where upload_object.object_id = o.id)
           + (select count(*) from sprite where sprite.id = o.id and sprite.made_us is null)
from unnest($1::text::uuid[]) as o (id)
