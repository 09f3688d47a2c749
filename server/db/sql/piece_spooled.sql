-- Which of these bodies are still wanted? $1 bodies ('{id,...}'). Columns: 0 body
select p.id from push_piece p where p.id = any ($1::uuid[]) and p.state in ('arriving', 'waiting')
