-- Decisions inside a transaction: a statement of a batch that finds the state wrong takes the whole batch back.

-- code: the problem the caller is told (server/http/problem.def).
create function refuse_unless(ok boolean, code text) returns boolean language plpgsql as $$
begin
    if ok is not true then
        raise exception '%', code using errcode = 'DW001';
    end if;
    return true;
end $$;
