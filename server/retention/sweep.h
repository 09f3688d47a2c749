/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out what the rules of keeping say (docs/design/keeping.md), once a second as far as
 * something is due: deletions whose undo time is over, footage past its time, footage over a quota;
 * signs what remains; and when the disk is full frees what may go. Every step is one transaction
 * that takes a camera's lock, so several nodes, and people who hold or delete, do no harm. On one
 * loop a server. */
#ifndef RETENTION_SWEEP_H
#define RETENTION_SWEEP_H

#include "crypto/keyring.h"
#include "db/db.h"
#include "storage/store.h"

struct sweep_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    const char *node; /* borrowed for its life */
    uint64_t every_s; /* between two sweeps of a camera */
    /* Something became garbage. May be NULL. */
    loop_fn *erased;
    void *arg;
    bool once; /* one round over everything that is due now, then ended() */
    loop_fn *ended;
};
struct sweep_totals { /* since it was made */
    uint64_t deleted_segments, expired_segments, quota_segments, bytes, cut_segments;
    uint64_t halted_cameras; /* an unusual share of their footage was to go: none does */
    bool clock_stopped, failed, full;
};
struct sweep;
struct sweep *sweep_create(const struct sweep_params *p);
const struct sweep_totals *sweep_totals(const struct sweep *s);
/* Nothing new is begun; what is under way ends by itself (store_busy, loop_offloaded and the
 * database's drain cover it). Takes NULL. */
struct sweep *sweep_destroy(struct sweep *s);

#endif
