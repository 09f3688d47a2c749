/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of live/: one loop's side. Touched on its loop only, but for of_hub. */
#ifndef LIVE_LIVE_STATE_H
#define LIVE_LIVE_STATE_H

#include "live/hub_state.h"
#include "live/live.h"

enum { ACCESS_SLOTS = 512, ACCESS_MS = 2000 };

struct access {
    struct id account, camera, household;
    unsigned rights;
    bool enabled;
    uint64_t asked_ms; /* 0: empty */
};

struct live {
    struct live_params p;
    struct list of_hub; /* with the hub's lock */
    struct list subs;   /* live_sub.local */
    struct list views;  /* live_view.node, of streams */
    struct timer *tick, *recheck;
    struct access access[ACCESS_SLOTS]; /* lately asked, for the many requests of a playlist */
    unsigned under_way;                 /* questions to the database, and readings for them */
    uint64_t checked_ms;                /* the last time the running views were found good */
    bool rechecking, polling, draining;
};

struct live_view {
    struct list node; /* of live.views */
    struct live *live;
    struct live_sub *sub;
    struct live_viewer *viewer; /* held */
    struct id household;
    unsigned rights;
    int64_t until_us;          /* 0: none */
    struct live_waiter waiter; /* live_await() */
    uint64_t wait_until_ms;
    live_ready_fn *ready;
    void *ready_arg;
};

/* enter.c: every view of a stream whose session, right or link is gone ends. */
void live_recheck(struct live *l);

#endif
