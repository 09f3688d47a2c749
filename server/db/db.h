/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL without blocking. One `struct db` per loop: a pool of connections, every statement of
 * sql/ prepared on each.
 *
 * A `struct db_tx` is a batch of statements sent in one go (libpq pipeline): one round trip, one
 * transaction, all or nothing. A function that writes rows takes the caller's db_tx and adds its
 * statements - that type is the proof of an open transaction. Decisions inside a transaction are
 * written in SQL (conditions, ON CONFLICT, data-modifying WITH). */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/id.h"
#include "base/loop.h"

#include <stdbool.h>

enum db_stmt {
#define DB_STMT(NAME, file) DB_##NAME,
#include "db_statements.def" /* generated from sql/NAME.sql: clip_list.sql is DB_CLIP_LIST */
#undef DB_STMT
    DB_STATEMENTS
};

/* Result of a transaction. */
enum {
    /* No connection in time, connection lost, deadline passed, server stopping. Nothing is known to
     * be committed; but if the batch had been sent, it may have been. */
    DB_E_UNAVAILABLE = 1,
    /* The waiting list is full: nothing was sent. */
    DB_E_BUSY,
    /* 23505; db_constraint() names it. Rolled back. */
    DB_E_UNIQUE,
    /* Another class 23: check, foreign key, not null. Rolled back. */
    DB_E_CONSTRAINT,
    /* A statement raised SQLSTATE DW001, "the state does not allow this" (function refuse() of
     * migration 0001); db_message() says why. Rolled back. */
    DB_E_REFUSED,
    /* Anything else: a bug or a damaged database; logged here. Rolled back. */
    DB_E_FAILED
};

/* ---- parameters ---- */
struct db_arg {
    enum {
        DB_ARG_NULL,
        DB_ARG_TEXT,
        DB_ARG_BYTES,
        DB_ARG_I64,
        DB_ARG_ID,
        DB_ARG_BOOL,
        DB_ARG_F64
    } type;
    const void *p; /* text (NUL-ended) or bytes; copied by db_tx_add */
    size_t n;
    int64_t i;
    double f;
    struct id id;
};
/* A statement names the type of each parameter by a cast: $1::uuid. Text goes in text form, so it
 * also fits jsonb, polygon, date ...; DB_I64 fits bigint, integer and smallint. */
#define DB_NULL        ((struct db_arg){.type = DB_ARG_NULL})
#define DB_TEXT(s)     db_arg_text(s)     /* NULL is SQL NULL */
#define DB_BYTES(q, l) db_arg_bytes(q, l) /* NULL is SQL NULL */
#define DB_ID(v)       db_arg_id(v)       /* pointer; NULL is SQL NULL */
#define DB_I64(v)      ((struct db_arg){.type = DB_ARG_I64, .i = (int64_t)(v)})
#define DB_BOOL(v)     ((struct db_arg){.type = DB_ARG_BOOL, .i = (v) ? 1 : 0})
#define DB_F64(v)      ((struct db_arg){.type = DB_ARG_F64, .f = (v)})

static inline struct db_arg db_arg_text(const char *s)
{
    return (struct db_arg){.type = s != NULL ? DB_ARG_TEXT : DB_ARG_NULL, .p = s};
}

static inline struct db_arg db_arg_bytes(const void *p, size_t n)
{
    return (struct db_arg){.type = p != NULL ? DB_ARG_BYTES : DB_ARG_NULL, .p = p, .n = n};
}

static inline struct db_arg db_arg_id(const struct id *v)
{
    return v != NULL ? (struct db_arg){.type = DB_ARG_ID, .id = *v} : DB_NULL;
}

/* ---- a transaction ---- */
struct db;
struct db_tx;
struct db_reply;
typedef void db_done_fn(
    void *arg,
    const struct db_reply *r); /* r and what it points to are borrowed until it returns */

struct db_tx *db_tx_begin(struct db *db);
/* Returns the index of the statement within the batch. */
unsigned db_tx_add_args(struct db_tx *tx, enum db_stmt s, const struct db_arg *args, size_t n);
#define db_tx_add(tx, s, ...)                                                                      \
    db_tx_add_args(tx, s, (const struct db_arg[]){__VA_ARGS__ __VA_OPT__(, ) DB_NULL},             \
                   sizeof((const struct db_arg[]){__VA_ARGS__ __VA_OPT__(, ) DB_NULL}) /           \
                           sizeof(struct db_arg) -                                                 \
                       1)
/* Send; tx is gone. done() exactly once, later, on the loop, within the deadline (default 5 s). A
 * wait for a connection ends after 1.5 s; while the database is known to be gone, at once. A batch
 * that lost a deadlock is sent again. */
void db_tx_commit(struct db_tx *tx, db_done_fn *done, void *arg);
void db_tx_cancel(struct db_tx *tx); /* instead of commit */
/* The common case: one statement. */
#define db_run(db, done, arg, s, ...)                                                              \
    do {                                                                                           \
        struct db_tx *db_run_tx = db_tx_begin(db);                                                 \
        db_tx_add(db_run_tx, s __VA_OPT__(, ) __VA_ARGS__);                                        \
        db_tx_commit(db_run_tx, done, arg);                                                        \
    } while (0)

/* ---- the reply ---- */
int db_status(const struct db_reply *r);             /* 0 or DB_E_ */
const char *db_constraint(const struct db_reply *r); /* "" when none */
const char *db_message(const struct db_reply *r);
/* Rows that statement i returned (SELECT or RETURNING). */
int db_rows(const struct db_reply *r, unsigned stmt);
/* Typed readers by column position (0-based); results are binary. Text is NUL-ended. A wrong type
 * is a programming error. */
bool db_is_null(const struct db_reply *r, unsigned stmt, int row, int col);
const char *db_text(const struct db_reply *r, unsigned stmt, int row,
                    int col); /* NULL for SQL NULL */
int64_t db_i64(const struct db_reply *r, unsigned stmt, int row,
               int col); /* int2, int4, int8; NULL reads 0 */
bool db_bool(const struct db_reply *r, unsigned stmt, int row, int col);
struct id db_id(const struct db_reply *r, unsigned stmt, int row, int col);
const uint8_t *db_bytes(const struct db_reply *r, unsigned stmt, int row, int col, size_t *ret_n);

/* ---- the pool ---- */
struct db_params {
    struct loop *loop;
    const char *url;      /* libpq URI or keyword string, several hosts allowed */
    unsigned connections; /* per loop, 4 */
    unsigned waiting_max; /* batches waiting for a connection, 1024 */
    uint64_t deadline_ms; /* 5000 */
    uint64_t wait_ms;     /* of it, for a connection; 0: 1500 */
};
struct db *db_create(const struct db_params *p); /* connects in the background and keeps trying */
bool db_ready(const struct db *db);              /* at least one connection up */
/* Fails what waits and what comes, lets batches under way finish, then done(arg). */
void db_drain(struct db *db, loop_fn *done, void *arg);
/* Not from within a db_done_fn. Without a drain what is under way is over (DB_E_UNAVAILABLE). */
struct db *db_destroy(struct db *db);

#endif
