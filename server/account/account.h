/* SPDX-License-Identifier: Apache-2.0 */
/* Households, their people and cameras: what the operator makes. Every function adds to the
 * caller's transaction, with the ledger entry. Secrets come back as text, to be shown once. */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "auth/credential.h"
#include "db/db.h"

struct keyring;

void account_add_household(struct db_tx *tx, const struct keyring *keyring, const char *name,
                           struct id *ret_id);
struct account_new {
    const char *email, *email_key; /* auth/sign_in.h makes the key */
    const char *name;
    const char *password_hash;
    const struct id *household; /* becomes its owner */
};
/* DB_E_UNIQUE: the address is taken; refused (conflict): an officer has it. */
void account_add_owner(struct db_tx *tx, const struct account_new *a, struct id *ret_id);
struct account_camera {
    const struct id *household;
    const char *name;
    const char *place; /* "(longitude,latitude)" or NULL */
};
void account_add_camera(struct db_tx *tx, const struct account_camera *c, struct id *ret_id,
                        char ret_secret[CREDENTIAL_SIZE]);
/* A new secret, the old ones end. Refused (not_found) when there is no such camera. */
void account_rotate_camera(struct db_tx *tx, const struct id *camera,
                           char ret_secret[CREDENTIAL_SIZE]);

#endif
