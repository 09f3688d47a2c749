-- Cameras that should be recording and are not. Column: how many
select count(*) from camera where stopped_us is not null
