-- Cameras of which nothing is erased until the operator says so. Column: how many
select count(*) from camera_keeping where halted_us is not null
