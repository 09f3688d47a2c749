-- $1 tombstone, $2 signature, $3 public key
update tombstone set signature = $2::bytea, public_key = $3::bytea where id = $1::uuid and signature is null
