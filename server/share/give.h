/* SPDX-License-Identifier: Apache-2.0 */
/* Carry out a plan: copy every piece into an object of its own under the grant's keys, then one
 * transaction: acceptance, grant, files, segments, ledger. Until that commits, the new objects
 * belong to an upload row, so a crash leaves nothing behind that is not found and removed. */
#ifndef SHARE_GIVE_H
#define SHARE_GIVE_H

#include "share/plan.h"

enum {
    GIVE_E_REFUSED = 1, /* the state changed meanwhile: message is a problem's code and detail */
    GIVE_E_FULL,        /* the store has no room */
    GIVE_E_UNAVAILABLE  /* database or store do not answer, or a piece does not open (logged) */
};
#define GIVE_UNDO_US   INT64_C(10000000)           /* the agency sees nothing before that */
#define GIVE_EXPIRE_US (INT64_C(90) * 86400000000) /* nor after that */

struct give_params { /* all borrowed until done, but the texts are copied */
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    struct share_plan *plan; /* with file_bytes; taken over */
    const struct id *item, *account;
    const char *node, *request_id;
};
typedef void give_fn(void *arg, int status, const char *message);
/* done exactly once, never before this returns. */
void give_begin(const struct give_params *p, give_fn *done, void *arg);

#endif
