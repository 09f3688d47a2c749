/* SPDX-License-Identifier: Apache-2.0 */
/* Building a batch, and putting its statements on the wire. Parameters are copied when added and
 * encoded when sent: by then the server has said which types each statement takes. Text goes in
 * text form (so that jsonb, polygon or date take it as it is), everything else in binary. */
#include "db/tx.h"

#include "db/pool.h"
#include "db/texts.h"

#include <endian.h>
#include <string.h>

enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };

struct db_tx *db_tx_begin(struct db *db)
{
    struct db_tx *tx = mem_new(struct db_tx);
    tx->db = db;
    list_init(&tx->node);
    return tx;
}

static void copy_arg(struct db_tx *tx, const struct db_arg *from)
{
    if (tx->n_args == tx->args_cap) {
        tx->args_cap = tx->args_cap ? 2 * tx->args_cap : 16;
        tx->args = mem_resize(tx->args, tx->args_cap, sizeof(*tx->args));
    }
    struct db_arg *a = &tx->args[tx->n_args++];
    *a = *from;
    a->p = NULL;
    if (from->type == DB_ARG_TEXT) {
        a->n = strlen(from->p);
        a->p = mem_str(from->p);
    } else if (from->type == DB_ARG_BYTES) {
        /* One byte more, so that empty bytes are not NULL. */
        uint8_t *p = mem_alloc(from->n + 1, 1);
        memcpy(p, from->p, from->n);
        a->p = p;
    }
    tx->bytes += a->n;
}

unsigned db_tx_add_args(struct db_tx *tx, enum db_stmt s, const struct db_arg *args, size_t n)
{
    ALWAYS(s < DB_STATEMENTS && n <= TX_ARGS_MAX);
    if (tx->n_statements == TX_STATEMENTS_MAX || tx->bytes > TX_BYTES_MAX) {
        tx->too_big = true;
        return 0;
    }
    if (tx->n_statements == tx->statements_cap) {
        tx->statements_cap = tx->statements_cap ? 2 * tx->statements_cap : 4;
        tx->statements = mem_resize(tx->statements, tx->statements_cap, sizeof(*tx->statements));
    }
    tx->statements[tx->n_statements] =
        (struct tx_statement){.stmt = s, .first_arg = tx->n_args, .n_args = n};
    for (size_t i = 0; i < n; i++) {
        copy_arg(tx, &args[i]);
    }
    return tx->n_statements++;
}

void db_tx_commit(struct db_tx *tx, db_done_fn *done, void *arg)
{
    ALWAYS(tx->n_statements > 0);
    tx->done = done;
    tx->done_arg = arg;
    tx->reply.n = tx->n_statements;
    tx->reply.results = mem_alloc(tx->n_statements, sizeof(PGresult *));
    pool_submit(tx->db, tx);
}

void db_tx_cancel(struct db_tx *tx)
{
    tx_destroy(tx);
}

void tx_forget(struct db_tx *tx)
{
    struct db_reply *r = &tx->reply;
    for (unsigned i = 0; i < r->n; i++) {
        PQclear(r->results[i]);
        r->results[i] = NULL;
    }
    free(r->constraint);
    free(r->message);
    r->constraint = r->message = NULL;
    r->status = 0;
}

struct db_tx *tx_destroy(struct db_tx *tx)
{
    if (tx == NULL) {
        return NULL;
    }
    tx_forget(tx);
    for (size_t i = 0; i < tx->n_args; i++) {
        mem_free_at(&tx->args[i].p);
    }
    free(tx->reply.results);
    free(tx->args);
    free(tx->statements);
    free(tx);
    return NULL;
}

/* What PQsendQueryPrepared() wants, for one statement. */
struct wire {
    const char *values[TX_ARGS_MAX];
    int lengths[TX_ARGS_MAX], formats[TX_ARGS_MAX];
    uint8_t scratch[TX_ARGS_MAX][8];
};

/* An integer in the width the statement takes; 0 when it does not fit. */
static int encode_integer(int64_t v, Oid type, uint8_t *out)
{
    uint64_t v8 = htobe64((uint64_t)v);
    int width = type == OID_INT8 ? 8 : type == OID_INT4 ? 4 : type == OID_INT2 ? 2 : 0;
    if ((width == 4 && v != (int32_t)v) || (width == 2 && v != (int16_t)v)) {
        return 0;
    }
    memcpy(out, (const uint8_t *)&v8 + (8 - width), (size_t)width);
    return width;
}

static int encode_double(double f, uint8_t *out)
{
    uint64_t u;
    memcpy(&u, &f, 8);
    u = htobe64(u);
    memcpy(out, &u, 8);
    return 8;
}

static void encode(const struct db_arg *a, Oid type, struct wire *w, size_t i)
{
    w->values[i] = (const char *)w->scratch[i];
    w->formats[i] = a->type != DB_ARG_TEXT;
    switch (a->type) {
    case DB_ARG_NULL:
        w->values[i] = NULL;
        w->lengths[i] = 0;
        break;
    case DB_ARG_TEXT:
    case DB_ARG_BYTES:
        w->values[i] = a->p;
        w->lengths[i] = (int)a->n;
        break;
    case DB_ARG_ID:
        w->values[i] = (const char *)a->id.b;
        w->lengths[i] = sizeof(a->id.b);
        break;
    case DB_ARG_BOOL:
        w->scratch[i][0] = a->i != 0;
        w->lengths[i] = 1;
        break;
    case DB_ARG_F64:
        w->lengths[i] = encode_double(a->f, w->scratch[i]);
        break;
    case DB_ARG_I64:
        w->lengths[i] = encode_integer(a->i, type, w->scratch[i]);
        break;
    }
}

static bool fits(const struct db_tx *tx, const struct tx_statement *s, const struct tx_types *types)
{
    uint8_t scratch[8];
    if (types->n < 0 || s->n_args != (size_t)types->n) {
        return false;
    }
    for (size_t k = 0; k < s->n_args; k++) {
        const struct db_arg *a = &tx->args[s->first_arg + k];
        if (a->type == DB_ARG_I64 && encode_integer(a->i, types->oid[k], scratch) == 0) {
            return false;
        }
    }
    return true;
}

bool tx_fits(const struct db_tx *tx, const struct tx_types *types, enum db_stmt *ret_bad)
{
    for (unsigned i = 0; i < tx->n_statements; i++) {
        enum db_stmt stmt = tx->statements[i].stmt;
        if (!fits(tx, &tx->statements[i], &types[stmt])) {
            *ret_bad = stmt;
            return false;
        }
    }
    return true;
}

bool tx_send(const struct db_tx *tx, PGconn *pg, const struct tx_types *types)
{
    struct wire w;
    for (unsigned i = 0; i < tx->n_statements; i++) {
        const struct tx_statement *s = &tx->statements[i];
        for (size_t k = 0; k < s->n_args; k++) {
            encode(&tx->args[s->first_arg + k], types[s->stmt].oid[k], &w, k);
        }
        if (PQsendQueryPrepared(pg, statement_texts[s->stmt].name, (int)s->n_args, w.values,
                                w.lengths, w.formats, 1) != 1) {
            return false;
        }
    }
    return PQpipelineSync(pg) == 1;
}
