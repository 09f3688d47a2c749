/* SPDX-License-Identifier: Apache-2.0 */
/* Consecutive stored segments become one object, without a worker: the first one's init, then all
 * fragments, sealed anew under a key of its own. Rows change in one transaction, or not at all:
 * when a part was deleted, held back or joined elsewhere meanwhile, nothing happens. The old
 * objects become garbage that is not due yet, so that whoever has just loaded the old rows reads
 * on. */
#ifndef RECORDING_SEGMENT_JOIN_H
#define RECORDING_SEGMENT_JOIN_H

#include "crypto/keyring.h"
#include "db/db.h"
#include "recording/segment_read.h"
#include "remux/index.h"

enum {
    SEGMENT_JOIN_E_CHANGED = 1, /* the parts are not what they were: look again */
    SEGMENT_JOIN_E_UNFIT,       /* they cannot be one segment */
    SEGMENT_JOIN_E_UNAVAILABLE, /* database or store: later */
    SEGMENT_JOIN_E_BROKEN,      /* a part's bytes do not open */
    SEGMENT_JOIN_PARTS_MAX = 64
};

struct segment_join_part {
    struct segment_ref ref;
    int64_t start_us;
    const struct index *index; /* borrowed until done */
};
struct segment_join_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    const char *node;
    struct id household, camera, recording;
    uint8_t household_wrapped[KEY_WRAPPED_SIZE];
    const struct segment_join_part *parts; /* in order of their time; copied */
    size_t n_parts;
    int64_t keep_us; /* how long the old objects stay */
    void (*done)(void *arg, int status);
    void *arg;
};
/* done exactly once, never before this returns. What is under way cannot be cancelled;
 * loop_offloaded, store_busy and the database's drain cover it. */
void segment_join_begin(const struct segment_join_params *p);

#endif
