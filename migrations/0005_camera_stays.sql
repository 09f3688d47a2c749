-- A camera with clips stays in its household: whoever may see the camera's household may see its clips, so lists by camera
-- need not look at each clip's household. (A camera that is given away is removed and set up anew, with another id.)
alter table camera add constraint camera_in_household unique (id, household_id);
alter table clip add constraint clip_of_household foreign key (camera_id, household_id) references camera (id, household_id);
alter table clip drop constraint clip_camera_id_fkey, drop constraint clip_household_id_fkey; -- follow from the new one
