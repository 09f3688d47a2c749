/* SPDX-License-Identifier: Apache-2.0 */
/* The record of every access: an entry is added to the caller's transaction, so it exists exactly
 * when the thing it records does. Append-only (the database refuses changes). Reading:
 * api/ledger.c. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "db/db.h"
#include "ledger/principal.h"

struct ledger_entry {
    const char
        *action;                 /* clip.upload clip.view clip.download clip.delete session.sign_in
                                    session.refused camera.secret_rotate          request.publish request.reach
                                    grant.accept grant.decline grant.withdraw grant.download ... */
    const struct id *household;  /* whose log; NULL = nobody's */
    const struct id *agency;     /* or NULL */
    const struct principal *who; /* NULL = the system itself */
    const char
        *actor_kind; /* only when who is NULL; NULL = "system" ("operator" for the command line) */
    const char *subject_kind; /* clip, camera, session, request, grant, household ... */
    const struct id *subject;
    const char *detail_json; /* one JSON object, or NULL for {} ; never a secret */
    const char *request_id;  /* or NULL */
};
void ledger_add(struct db_tx *tx, const struct ledger_entry *e);

#endif
