/* SPDX-License-Identifier: Apache-2.0 */
#include "account/account.h"

#include "base/clock.h"
#include "crypto/keyring.h"
#include "ledger/ledger.h"

static void record(struct db_tx *tx, const char *action, const struct id *household,
                   const char *subject_kind, const struct id *subject)
{
    ledger_add(tx, &(struct ledger_entry){.action = action,
                                          .household = household,
                                          .actor_kind = "operator",
                                          .subject_kind = subject_kind,
                                          .subject = subject});
}

void account_add_household(struct db_tx *tx, const struct keyring *keyring, const char *name,
                           struct id *ret_id)
{
    uint8_t wrapped[KEY_WRAPPED_SIZE];
    *ret_id = id_new();
    keyring_new_household(keyring, ret_id, wrapped);
    db_tx_add(tx, DB_HOUSEHOLD_INSERT, DB_ID(ret_id), DB_TEXT(name),
              DB_BYTES(wrapped, sizeof(wrapped)), DB_I64(clock_now_us()));
    record(tx, "household.create", ret_id, "household", ret_id);
}

void account_add_owner(struct db_tx *tx, const struct account_new *a, struct id *ret_id)
{
    int64_t now = clock_now_us();
    *ret_id = id_new();
    db_tx_add(tx, DB_ACCOUNT_INSERT, DB_ID(ret_id), DB_TEXT(a->email), DB_TEXT(a->email_key),
              DB_TEXT(a->name), DB_TEXT(a->password_hash), DB_I64(now));
    db_tx_add(tx, DB_MEMBERSHIP_INSERT, DB_ID(a->household), DB_ID(ret_id), DB_I64(RIGHT_ALL),
              DB_I64(now));
    record(tx, "account.create", a->household, "account", ret_id);
}

static void add_secret(struct db_tx *tx, const struct id *camera, char ret_secret[CREDENTIAL_SIZE])
{
    struct id id = id_new();
    uint8_t hash[SHA256_SIZE];
    credential_new(CREDENTIAL_CAMERA, ret_secret, hash);
    db_tx_add(tx, DB_CAMERA_SECRET_INSERT, DB_ID(&id), DB_ID(camera), DB_BYTES(hash, SHA256_SIZE),
              DB_I64(clock_now_us()));
}

void account_add_camera(struct db_tx *tx, const struct account_camera *c, struct id *ret_id,
                        char ret_secret[CREDENTIAL_SIZE])
{
    *ret_id = id_new();
    db_tx_add(tx, DB_CAMERA_INSERT, DB_ID(ret_id), DB_ID(c->household), DB_TEXT(c->name),
              DB_TEXT(c->place), DB_I64(clock_now_us()));
    add_secret(tx, ret_id, ret_secret);
    record(tx, "camera.create", c->household, "camera", ret_id);
}

void account_rotate_camera(struct db_tx *tx, const struct id *camera,
                           char ret_secret[CREDENTIAL_SIZE])
{
    db_tx_add(tx, DB_CAMERA_EXISTS, DB_ID(camera));
    db_tx_add(tx, DB_CAMERA_SECRET_REVOKE, DB_ID(camera), DB_I64(clock_now_us()));
    add_secret(tx, camera, ret_secret);
    record(tx, "camera.secret_rotate", NULL, "camera", camera);
}
