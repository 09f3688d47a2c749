/* SPDX-License-Identifier: Apache-2.0 */
/* The alarm "recording stopped": a camera that sends, or should by what it did lately, of which
 * nothing was kept for too long. Writes camera.stopped_us, a gap and a ledger entry, and metrics:
 * the lag of every camera that sends, and how many are stopped. On one loop a server. */
#ifndef RETENTION_WATCH_H
#define RETENTION_WATCH_H

#include "base/loop.h"
#include "db/db.h"

struct watcher_params {
    struct loop *loop;
    struct db *db;
    uint64_t every_s; /* between two looks at a camera */
    uint64_t lag_s;   /* silence that is none yet */
};
struct watcher;
struct watcher *watcher_create(const struct watcher_params *p);
/* What is under way ends by itself. Takes NULL. */
struct watcher *watcher_destroy(struct watcher *w);

#endif
