/* SPDX-License-Identifier: Apache-2.0 */
/* Makes right what a crash left, beside serving: staged files of dead processes go; uploads that an
 * earlier process of this node had under way are given up, so that their objects become garbage;
 * and garbage is carried out, now and every other second. What the database or the store refuses is
 * tried again. On one loop a server; more would do no harm. */
#ifndef RECORDING_RECOVER_H
#define RECORDING_RECOVER_H

#include "db/db.h"
#include "storage/store.h"

struct recover;
struct recover_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    const char *node;  /* borrowed for its life */
    int64_t before_us; /* uploads of this node from before that time are nobody's any more */
};
struct recover *recover_create(const struct recover_params *p);
/* There is garbage: carry it out now. */
void recover_garbage(struct recover *r);
/* Nothing new is begun; what is under way ends by itself (loop_offloaded, store_busy and the
 * database's drain cover it). Takes NULL. */
struct recover *recover_destroy(struct recover *r);

#endif
