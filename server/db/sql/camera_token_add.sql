-- A new access token of a camera. Expired ones go; of the others the newest 16 stay.
-- $1 bytea SHA-256 of the token  $2 uuid camera  $3 bigint now_us  $4 bigint expires_us
with gone as (
    delete from camera_token t
     where t.camera_id = $2::uuid
       and (t.expires_us <= $3::bigint
            or t.token_hash in (select o.token_hash from camera_token o
                                 where o.camera_id = $2::uuid order by o.created_us desc, o.token_hash offset 15))
)
insert into camera_token (token_hash, camera_id, created_us, expires_us)
values ($1::bytea, $2::uuid, $3::bigint, $4::bigint);
