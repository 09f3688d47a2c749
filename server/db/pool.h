/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of db/: what the pool and its connections know of each other. The pool owns the batches
 * that wait; a connection owns the one it carries and gives it back through pool_finish(). */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "db/connection.h"
#include "db/hosts.h"
#include "db/tx.h"

struct db {
    struct loop *loop;
    const struct log *log;
    struct hosts *hosts;
    unsigned n_connections, waiting_max;
    uint64_t deadline_ms, wait_ms;
    struct connection **connections;
    unsigned up;                      /* connections that can carry a batch */
    uint64_t down_since_ms;           /* monotonic, while up is 0 */
    bool said_down;                   /* the log knows */
    struct list waiting, failing;     /* struct db_tx.node */
    unsigned n_waiting, n_unfinished; /* unfinished: submitted, done() not called yet */
    struct timer *wait_timer, *fail_timer;
    bool draining;
    loop_fn *drained;
    void *drained_arg;
    struct tx_types types[DB_STATEMENTS]; /* learnt when the first connection prepared */
};

/* From db_tx_commit(): the batch is the pool's now. */
void pool_submit(struct db *db, struct db_tx *tx);
/* A batch is over: calls done(), frees it. */
void pool_finish(struct db *db, struct db_tx *tx, int status);
/* Connections report changes of theirs. */
void pool_up(struct db *db);
void pool_down(struct db *db);
/* A connection attempt failed or a connection broke; why is one line without secrets. */
void pool_trouble(struct db *db, const char *why);
/* Hand waiting batches to idle connections. */
void pool_dispatch(struct db *db);

#endif
