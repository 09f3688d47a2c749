-- What waits to be finished. Columns: 0 garbage rows, 1 uploads under way
select (select count(*) from garbage), (select count(*) from upload)
