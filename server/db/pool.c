/* SPDX-License-Identifier: Apache-2.0 */
/* The waiting list. A batch waits for a connection at most WAIT_MS; while the database is known to
 * be gone it is refused at once, so that nobody waits for what will not come. done() is never
 * called from within db_tx_commit(): what fails there goes through the `failing` list. */
#include "db/pool.h"

#include "base/clock.h"
#include "db/texts.h"
#include "metrics/metrics.h"

enum { WAIT_MS = 1500, DOWN_GRACE_MS = 1000 };

static void drain_check(struct db *db)
{
    if (db->draining && db->n_unfinished == 0 && db->drained != NULL) {
        timer_set(db->fail_timer, 0); /* drained() may destroy us: call it from the loop */
    }
}

static void count(const struct db_tx *tx, int status)
{
    metric_observe_us(METRIC_DB_SECONDS, (uv_hrtime() - tx->submitted_ns) / 1000);
    if (status == DB_E_UNAVAILABLE) {
        metric_add(METRIC_DB_UNAVAILABLE, 1);
    } else if (status == DB_E_BUSY) {
        metric_add(METRIC_DB_BUSY, 1);
    } else if (status == DB_E_FAILED) {
        metric_add(METRIC_DB_FAILED, 1);
    }
}

void pool_finish(struct db *db, struct db_tx *tx, int status)
{
    count(tx, status);
    tx->reply.status = status;
    tx->done(tx->done_arg, &tx->reply);
    tx_destroy(tx);
    db->n_unfinished--;
    drain_check(db);
}

static void fail_soon(struct db *db, struct db_tx *tx, int status)
{
    tx->reply.status = status;
    list_append(&db->failing, &tx->node);
    timer_set(db->fail_timer, 0);
}

static void fail_all(struct db *db, struct list *txs)
{
    struct list *n;
    while ((n = list_pop(txs)) != NULL) {
        struct db_tx *tx = CONTAINER_OF(n, struct db_tx, node);
        pool_finish(db, tx, tx->reply.status != 0 ? tx->reply.status : DB_E_UNAVAILABLE);
    }
}

static void on_fail_timer(void *arg)
{
    struct db *db = arg;
    struct list now;
    list_init(&now);
    struct list *n;
    while ((n = list_pop(&db->failing)) != NULL) {
        list_append(&now, n);
    }
    fail_all(db, &now);
    if (db->draining && db->n_unfinished == 0 && db->drained != NULL) {
        loop_fn *drained = db->drained;
        db->drained = NULL;
        drained(db->drained_arg); /* db may be gone afterwards */
    }
}

static bool is_down(const struct db *db)
{
    return db->said_down && db->up == 0 && clock_mono_ms() - db->down_since_ms > DOWN_GRACE_MS;
}

void pool_submit(struct db *db, struct db_tx *tx)
{
    uint64_t now = clock_mono_ms();
    tx->submitted_ns = uv_hrtime();
    tx->deadline_ms = now + db->deadline_ms;
    tx->wait_until_ms = now + (db->deadline_ms < db->wait_ms ? db->deadline_ms : db->wait_ms);
    db->n_unfinished++;
    if (tx->too_big) {
        log_error(db->log, "db_batch_too_big", F_INT("statements", tx->n_statements));
        fail_soon(db, tx, DB_E_FAILED);
    } else if (db->draining || is_down(db)) {
        fail_soon(db, tx, DB_E_UNAVAILABLE);
    } else if (db->n_waiting >= db->waiting_max) {
        fail_soon(db, tx, DB_E_BUSY);
    } else {
        list_append(&db->waiting, &tx->node);
        db->n_waiting++;
        pool_dispatch(db);
        if (db->n_waiting == 1) {
            timer_set(db->wait_timer, tx->wait_until_ms - now);
        }
    }
}

static struct connection *find_idle(const struct db *db)
{
    for (unsigned i = 0; i < db->n_connections; i++) {
        if (connection_is_idle(db->connections[i])) {
            return db->connections[i];
        }
    }
    return NULL;
}

void pool_dispatch(struct db *db)
{
    struct connection *c;
    while (!list_empty(&db->waiting) && (c = find_idle(db)) != NULL) {
        struct db_tx *tx = CONTAINER_OF(list_pop(&db->waiting), struct db_tx, node);
        enum db_stmt bad = 0;
        db->n_waiting--;
        if (tx_fits(tx, db->types, &bad)) {
            connection_carry(c, tx);
        } else {
            log_error(db->log, "db_wrong_arguments", F_STR("statement", statement_texts[bad].name));
            fail_soon(db, tx, DB_E_FAILED);
        }
    }
}

/* All waits are of one length, so the list is in order of their ends. */
static void on_wait_timer(void *arg)
{
    struct db *db = arg;
    uint64_t now = clock_mono_ms();
    while (!list_empty(&db->waiting)) {
        struct db_tx *tx = CONTAINER_OF(db->waiting.next, struct db_tx, node);
        if (tx->wait_until_ms > now) {
            timer_set(db->wait_timer, tx->wait_until_ms - now);
            return;
        }
        list_remove(&tx->node);
        db->n_waiting--;
        pool_finish(db, tx, DB_E_UNAVAILABLE);
    }
}

void pool_up(struct db *db)
{
    if (db->up++ == 0 && db->said_down) {
        db->said_down = false;
        log_info(db->log, "db_up", F_INT("down_ms", clock_mono_ms() - db->down_since_ms));
    }
}

void pool_down(struct db *db)
{
    ALWAYS(db->up > 0);
    if (--db->up == 0) {
        db->down_since_ms = clock_mono_ms();
    }
}

void pool_trouble(struct db *db, const char *why)
{
    if (db->up == 0 && !db->said_down) {
        db->said_down = true;
        log_warn(db->log, "db_down", F_STR("why", why));
    } else {
        log_debug(db->log, "db_connection_lost", F_STR("why", why));
    }
}

struct db *db_create(const struct db_params *p)
{
    struct db *db = mem_new(struct db);
    db->loop = p->loop;
    db->log = loop_log(p->loop);
    db->hosts = hosts_create(db->loop, p->url);
    db->n_connections = p->connections ? p->connections : 4;
    db->waiting_max = p->waiting_max ? p->waiting_max : 1024;
    db->deadline_ms = p->deadline_ms ? p->deadline_ms : 5000;
    db->wait_ms = p->wait_ms ? p->wait_ms : WAIT_MS;
    db->down_since_ms = clock_mono_ms();
    list_init(&db->waiting);
    list_init(&db->failing);
    db->wait_timer = timer_create_on(db->loop, on_wait_timer, db);
    db->fail_timer = timer_create_on(db->loop, on_fail_timer, db);
    for (unsigned i = 0; i < DB_STATEMENTS; i++) {
        db->types[i].n = -1;
    }
    db->connections = mem_alloc(db->n_connections, sizeof(*db->connections));
    for (unsigned i = 0; i < db->n_connections; i++) {
        db->connections[i] = connection_create(db);
    }
    return db;
}

bool db_ready(const struct db *db)
{
    return db->up > 0;
}

void db_drain(struct db *db, loop_fn *done, void *arg)
{
    db->draining = true;
    db->drained = done;
    db->drained_arg = arg;
    struct list *n;
    while ((n = list_pop(&db->waiting)) != NULL) {
        db->n_waiting--;
        fail_soon(db, CONTAINER_OF(n, struct db_tx, node), DB_E_UNAVAILABLE);
    }
    drain_check(db);
}

struct db *db_destroy(struct db *db)
{
    if (db == NULL) {
        return NULL;
    }
    db->draining = true;
    db->drained = NULL;
    fail_all(db, &db->waiting);
    for (unsigned i = 0; i < db->n_connections; i++) {
        db->connections[i] = connection_destroy(db->connections[i]);
    }
    fail_all(db, &db->failing);
    ALWAYS(db->n_unfinished == 0);
    timer_destroy(db->wait_timer);
    timer_destroy(db->fail_timer);
    for (unsigned i = 0; i < DB_STATEMENTS; i++) {
        free(db->types[i].oid);
    }
    free(db->connections);
    hosts_destroy(db->hosts);
    free(db);
    return NULL;
}
