/* SPDX-License-Identifier: Apache-2.0 */
/* What a subcommand works on beside the server: its database, store and keys, on a loop of its own
 * that runs while the command waits for an answer. */
#ifndef CMD_PLACE_H
#define CMD_PLACE_H

#include "app/database.h"
#include "cmd/cmd.h"
#include "crypto/keyring.h"
#include "db/db.h"
#include "storage/store.h"

struct place {
    struct keyring *keyring;
    struct database database;
    struct loop *loop;
    struct store *store;
    struct db *db;
};
/* On failure (negative errno or positive) reason holds one sentence, and there is nothing to
 * close. */
int place_open(const struct cmd *c, struct place *ret_place, char *reason, size_t size) MUST_CHECK;
void place_close(struct place *p);

#endif
