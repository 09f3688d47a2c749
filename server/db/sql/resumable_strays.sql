-- Which of these files nobody needs.
-- $1 ids ('{...}')
-- id
select u.id from unnest($1::uuid[]) u (id)
where not exists (select from resumable r where r.id = u.id and r.state <> 'done')
