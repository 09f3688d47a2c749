/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the garbage rows: object deleted, durably, then its row dropped. In that order, so
 * that a crash between the two leaves a row whose object is gone, which the next pass drops.
 * Several passes at once, also of several nodes, do no harm. */
#ifndef RECORDING_GARBAGE_H
#define RECORDING_GARBAGE_H

#include "db/db.h"
#include "storage/store.h"

struct garbage_pass;
enum {
    GARBAGE_E_DB = 1, /* the database did not answer: the pass ended early */
    GARBAGE_E_STORE,  /* some objects could not be deleted; their rows stay for the next pass */
    GARBAGE_E_ENDED   /* asked to end early */
};
typedef void garbage_done_fn(void *arg, int status, uint64_t finished);
/* done exactly once, later, on the loop of db and store. */
struct garbage_pass *garbage_pass_begin(struct db *db, struct store *store, garbage_done_fn *done,
                                        void *arg);
/* done still follows, after what is under way. Idempotent. */
void garbage_pass_end(struct garbage_pass *g);

#endif
