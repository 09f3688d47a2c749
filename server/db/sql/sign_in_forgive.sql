-- A success ends the account's count; the peer's count stays, or one good password would buy an attacker new tries.
-- $1 text email_key
delete from sign_in_failure where subject = 'account:' || $1::text;
