/* SPDX-License-Identifier: Apache-2.0 */
/* Pushed pieces are stored as they come, a segment of some seconds each. When they have been at
 * rest for a while they are joined to segments of up to a minute (segment_join.h), a run of a push
 * at a time, one join at a time. On one loop a server; more would do no harm. */
#ifndef RECORDING_COMPACT_H
#define RECORDING_COMPACT_H

#include "crypto/keyring.h"
#include "db/db.h"
#include "storage/store.h"

struct compact;
struct compact_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    const char *node; /* borrowed for its life */
    int64_t rest_us;  /* segments younger than that are left alone; old objects stay as long */
    uint32_t segment_max_ms;
};
struct compact *compact_create(const struct compact_params *p);
/* Nothing new is begun; what is under way ends by itself (loop_offloaded, store_busy and the
 * database's drain cover it). Takes NULL. */
struct compact *compact_destroy(struct compact *c);

#endif
