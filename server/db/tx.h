/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of db/: a batch of statements and what came back. */
#ifndef DB_TX_H
#define DB_TX_H

#include "base/list.h"
#include "db/db.h"

#include <libpq-fe.h>

enum {
    TX_STATEMENTS_MAX = 4096,
    TX_BYTES_MAX = 64 << 20, /* all parameters of a batch */
    TX_ARGS_MAX = 64,        /* of one statement */
    TX_ATTEMPTS_MAX = 3      /* sends, when the server undid it because of a deadlock */
};

struct tx_statement {
    enum db_stmt stmt;
    size_t first_arg, n_args;
};

struct db_reply {
    int status;
    char *constraint, *message; /* NULL = "" */
    PGresult **results;         /* one per statement; NULL where none came */
    unsigned n;
};

struct db_tx {
    struct db *db;
    struct list node; /* on db->waiting or db->failing */
    struct tx_statement *statements;
    struct db_arg *args; /* p points to memory of our own */
    unsigned n_statements, statements_cap, attempts;
    size_t n_args, args_cap, bytes;
    bool too_big;
    uint64_t wait_until_ms, deadline_ms; /* monotonic */
    uint64_t submitted_ns;
    db_done_fn *done;
    void *done_arg;
    struct db_reply reply;
};

/* What the server said a statement takes. */
struct tx_types {
    int n;    /* -1: not known yet */
    Oid *oid; /* owned by the pool */
};
/* Whether every statement's arguments fit its types; if not, *ret_bad is the statement. */
bool tx_fits(const struct db_tx *tx, const struct tx_types *types, enum db_stmt *ret_bad);
/* Put a batch that fits on the wire of pg (pipeline mode), with the sync. False: connection lost.
 */
bool tx_send(const struct db_tx *tx, PGconn *pg, const struct tx_types *types);
/* Forget what came back, before another attempt. */
void tx_forget(struct db_tx *tx);
struct db_tx *tx_destroy(struct db_tx *tx);

/* The DB_E_ for an SQLSTATE; NULL (no answer at all) is DB_E_UNAVAILABLE. */
int reply_classify(const char *sqlstate);
/* The server undid the batch because of others: the same batch may be sent again. */
bool reply_is_conflict(const char *sqlstate);

#endif
