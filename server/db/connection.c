/* SPDX-License-Identifier: Apache-2.0 */
/* libpq on the loop. libpq may change its socket while it connects, so the watch is remade around
 * every PQconnectPoll(). After that one batch at a time is in the pipeline: n statements and a
 * sync, which the server runs as one transaction; results come back in order, each followed by
 * NULL, and the sync closes the batch. Preparing is such a batch too: the set-up statement, then
 * prepare and describe of every statement. */
#include "db/connection.h"

#include "base/clock.h"
#include "db/pool.h"
#include "db/texts.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

enum {
    LOOKUP_MS = 20,
    PAUSE_MS = 10,
    CONNECT_MS = 5000,
    BACK_OFF_FIRST_MS = 50,
    BACK_OFF_MAX_MS = 1500,
    WHY_SIZE = 256
};

enum state { STATE_DOWN, STATE_CONNECTING, STATE_PREPARING, STATE_IDLE, STATE_BUSY, STATE_PAUSE };

struct connection {
    struct db *db;
    enum state state;
    PGconn *pg;
    struct watch *watch;
    struct timer *timer; /* down, pause: try again; connecting, preparing, busy: the deadline */
    uint64_t back_off_ms;
    unsigned attempts; /* since it last was up */
    struct db_tx *tx;  /* busy; pause: to be sent again after a deadlock */
    unsigned position; /* how many NULLs came in this batch: the statement results belong to */
    char sqlstate[6];  /* of the first error in this batch; "" = none */
    bool failed;
};

static void on_event(void *arg, int events);
static void connect_begin(struct connection *c);

/* 0 to ms-1, ms at most 65536: so that many do not try again all at once. */
static uint64_t jitter(uint64_t ms)
{
    struct id random = id_new();
    return (random.b[14] * 256u + random.b[15]) * ms / 65536;
}

/* ---- losing and remaking ---- */

static void close_pg(struct connection *c)
{
    c->watch = watch_destroy(c->watch);
    if (c->pg != NULL) {
        PQfinish(c->pg);
        c->pg = NULL;
    }
}

/* libpq's messages end in newlines and may have several lines: keep the first. */
static void first_line(const char *text, char *out)
{
    snprintf(out, WHY_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
}

static void lost(struct connection *c, const char *text)
{
    char why[WHY_SIZE];
    struct db *db = c->db;
    struct db_tx *tx = c->tx;
    first_line(text, why);
    close_pg(c);
    if (c->state >= STATE_IDLE) {
        pool_down(db);
    }
    c->state = STATE_DOWN;
    c->tx = NULL;
    pool_trouble(db, why);
    timer_set(c->timer, c->back_off_ms / 2 + jitter(c->back_off_ms / 2 + 1));
    c->back_off_ms = 2 * c->back_off_ms < BACK_OFF_MAX_MS ? 2 * c->back_off_ms : BACK_OFF_MAX_MS;
    if (tx != NULL) {
        pool_finish(db, tx, DB_E_UNAVAILABLE); /* last: done() may do anything */
    }
}

static void on_timer(void *arg)
{
    struct connection *c = arg;
    switch (c->state) {
    case STATE_DOWN:
        connect_begin(c);
        break;
    case STATE_PAUSE:
        c->state = STATE_IDLE;
        connection_carry(c, c->tx);
        break;
    case STATE_BUSY:
        lost(c, "a batch passed its deadline");
        break;
    default:
        lost(c, "connecting took too long");
    }
}

/* ---- connecting ---- */

static void ignore_notice(void *arg, const PGresult *res)
{
}

static void watch_anew(struct connection *c, int events)
{
    c->watch = watch_create(c->db->loop, PQsocket(c->pg), on_event, c);
    watch_set(c->watch, events);
}

static void flush(struct connection *c)
{
    int rc = PQflush(c->pg);
    if (rc < 0) {
        lost(c, PQerrorMessage(c->pg));
    } else {
        watch_set(c->watch, rc == 0 ? UV_READABLE : UV_READABLE | UV_WRITABLE);
    }
}

static bool send_prepares(struct connection *c)
{
    PGconn *pg = c->pg;
    char timeout_ms[24];
    snprintf(timeout_ms, sizeof(timeout_ms), "%llu", (unsigned long long)c->db->deadline_ms);
    bool ok = PQsendQueryParams(pg, statement_texts[DB_CONNECTION_SET_UP].sql, 1, NULL,
                                (const char *const[]){timeout_ms}, NULL, NULL, 1) == 1;
    for (unsigned i = 0; ok && i < DB_STATEMENTS; i++) {
        const struct statement_text *t = &statement_texts[i];
        ok = PQsendPrepare(pg, t->name, t->sql, 0, NULL) == 1 &&
             PQsendDescribePrepared(pg, t->name) == 1;
    }
    return ok && PQpipelineSync(pg) == 1;
}

static void connected(struct connection *c)
{
    c->state = STATE_PREPARING;
    c->position = 0;
    c->failed = false;
    watch_anew(c, UV_READABLE);
    if (PQsetnonblocking(c->pg, 1) != 0 || PQenterPipelineMode(c->pg) != 1 || !send_prepares(c)) {
        lost(c, PQerrorMessage(c->pg));
        return;
    }
    flush(c);
}

static void connect_step(struct connection *c)
{
    c->watch = watch_destroy(c->watch);
    switch (PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING:
        watch_anew(c, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        watch_anew(c, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        connected(c);
        break;
    default:
        lost(c, PQerrorMessage(c->pg));
    }
}

static void connect_begin(struct connection *c)
{
    if (!hosts_ready(c->db->hosts)) {
        timer_set(c->timer, LOOKUP_MS);
        return;
    }
    c->state = STATE_CONNECTING;
    timer_set(c->timer, CONNECT_MS);
    c->pg = hosts_connect(c->db->hosts, c->attempts++);
    ALWAYS(c->pg != NULL);
    if (PQstatus(c->pg) == CONNECTION_BAD) {
        lost(c, PQerrorMessage(c->pg));
        return;
    }
    PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
    watch_anew(c, UV_WRITABLE); /* libpq: behave as if the first poll said "writing" */
}

/* ---- results ---- */

static void note_error(struct connection *c, const PGresult *res)
{
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    if (c->failed) {
        return;
    }
    c->failed = true;
    snprintf(c->sqlstate, sizeof(c->sqlstate), "%s", sqlstate ? sqlstate : "");
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
    if (c->tx != NULL) {
        c->tx->reply.message = mem_str(message ? message : "");
        c->tx->reply.constraint = mem_str(constraint ? constraint : "");
    } else if (!c->db->said_down && reply_classify(sqlstate) != DB_E_UNAVAILABLE) {
        unsigned stmt = c->position > 0 ? (c->position - 1) / 2 : DB_CONNECTION_SET_UP;
        log_error(c->db->log, "db_prepare_failed",
                  F_STR("statement", stmt < DB_STATEMENTS ? statement_texts[stmt].name : ""),
                  F_STR("sqlstate", c->sqlstate), F_STR("message", message ? message : ""));
    }
}

static void learn_types(struct connection *c, const PGresult *res)
{
    struct tx_types *t = &c->db->types[(c->position - 1) / 2];
    t->n = PQnparams(res);
    free(t->oid);
    t->oid = mem_alloc((size_t)t->n, sizeof(Oid));
    for (int i = 0; i < t->n; i++) {
        t->oid[i] = PQparamtype(res, i);
    }
}

/* Takes res. */
static void take_result(struct connection *c, PGresult *res)
{
    switch (PQresultStatus(res)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (c->tx != NULL && c->position < c->tx->reply.n) {
            PQclear(c->tx->reply.results[c->position]);
            c->tx->reply.results[c->position] = res;
            return;
        }
        /* Prepare and describe alternate, after the set-up statement. */
        if (c->tx == NULL && c->position > 0 && c->position % 2 == 0) {
            learn_types(c, res);
        }
        break;
    case PGRES_PIPELINE_ABORTED:
        break;
    default:
        note_error(c, res);
    }
    PQclear(res);
}

static void prepared(struct connection *c)
{
    if (c->failed) {
        lost(c, "a statement could not be prepared");
        return;
    }
    timer_stop(c->timer);
    c->state = STATE_IDLE;
    c->back_off_ms = BACK_OFF_FIRST_MS;
    c->attempts = 0;
    pool_up(c->db);
    pool_dispatch(c->db);
}

static void log_failure(const struct connection *c, const struct db_tx *tx)
{
    unsigned i = c->position < tx->n_statements ? c->position : 0;
    for (unsigned k = 0; k < tx->n_statements; k++) {
        if (tx->reply.results[k] == NULL) {
            i = k; /* the first without a result is the one that failed */
            break;
        }
    }
    log_error(c->db->log, "db_statement_failed",
              F_STR("statement", statement_texts[tx->statements[i].stmt].name),
              F_STR("sqlstate", c->sqlstate), F_STR("message", db_message(&tx->reply)));
}

static void batch_over(struct connection *c)
{
    struct db *db = c->db;
    struct db_tx *tx = c->tx;
    int status = c->failed ? reply_classify(c->sqlstate[0] ? c->sqlstate : NULL) : 0;
    if (status == DB_E_FAILED) {
        log_failure(c, tx);
    }
    if (c->failed && reply_is_conflict(c->sqlstate) && tx->attempts < TX_ATTEMPTS_MAX) {
        /* At once, it would meet the winner still at work. */
        tx_forget(tx);
        c->state = STATE_PAUSE;
        timer_set(c->timer, tx->attempts * PAUSE_MS + jitter(PAUSE_MS));
        return;
    }
    timer_stop(c->timer);
    c->tx = NULL;
    c->state = STATE_IDLE;
    if (strcmp(c->sqlstate, "25006") == 0) {
        lost(c, "the server became read-only");
    }
    pool_finish(db, tx, status);
    pool_dispatch(db);
}

static void read_results(struct connection *c)
{
    while (!PQisBusy(c->pg)) {
        PGresult *res = PQgetResult(c->pg);
        if (res == NULL) {
            if (PQstatus(c->pg) == CONNECTION_BAD) {
                lost(c, PQerrorMessage(c->pg));
                return;
            }
            c->position++;
        } else if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
            PQclear(res);
            if (c->state == STATE_PREPARING) {
                prepared(c);
            } else {
                batch_over(c);
            }
            return;
        } else {
            take_result(c, res);
        }
    }
}

static void on_event(void *arg, int events)
{
    struct connection *c = arg;
    if (c->state == STATE_CONNECTING) {
        connect_step(c);
        return;
    }
    if ((events & UV_READABLE) && PQconsumeInput(c->pg) != 1) {
        lost(c, PQerrorMessage(c->pg));
        return;
    }
    if (events & UV_WRITABLE) {
        flush(c);
    }
    if (c->state == STATE_PREPARING || c->state == STATE_BUSY) {
        read_results(c);
    } else if (c->state >= STATE_IDLE) {
        PQisBusy(c->pg); /* reads notices, and the farewell of a server that goes down */
        if (PQstatus(c->pg) == CONNECTION_BAD) {
            lost(c, PQerrorMessage(c->pg));
        }
    }
}

/* ---- for the pool ---- */

bool connection_is_idle(const struct connection *c)
{
    return c->state == STATE_IDLE;
}

void connection_carry(struct connection *c, struct db_tx *tx)
{
    ALWAYS(c->state == STATE_IDLE);
    uint64_t now = clock_mono_ms();
    c->state = STATE_BUSY;
    c->tx = tx;
    c->position = 0;
    c->failed = false;
    c->sqlstate[0] = '\0';
    tx->attempts++;
    metric_add(METRIC_DB_BATCHES, 1);
    timer_set(c->timer, tx->deadline_ms > now ? tx->deadline_ms - now : 0);
    int rc = tx_send(tx, c->pg, c->db->types) ? PQflush(c->pg) : -1;
    watch_set(c->watch, rc == 0 ? UV_READABLE : UV_READABLE | UV_WRITABLE);
    if (rc < 0) {
        timer_set(c->timer, 0); /* lost; but done() must not run inside db_tx_commit() */
    }
}

struct connection *connection_create(struct db *db)
{
    struct connection *c = mem_new(struct connection);
    c->db = db;
    c->back_off_ms = BACK_OFF_FIRST_MS;
    c->timer = timer_create_on(db->loop, on_timer, c);
    timer_set(c->timer, 0);
    return c;
}

struct connection *connection_destroy(struct connection *c)
{
    if (c == NULL) {
        return NULL;
    }
    struct db_tx *tx = c->tx;
    close_pg(c);
    timer_destroy(c->timer);
    if (tx != NULL) {
        pool_finish(c->db, tx, DB_E_UNAVAILABLE);
    }
    free(c);
    return NULL;
}
