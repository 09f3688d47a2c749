/* SPDX-License-Identifier: Apache-2.0 */
/* list -> delete, a few objects at a time so that uploads and viewers get their turn -> drop their
 * rows in one transaction -> list ... */
#include "recording/garbage.h"

#include "base/clock.h"
#include "base/crash_point.h"

enum { BATCH = 200, AT_ONCE = 4 };

struct garbage_pass;
struct deleting { /* one object being deleted */
    struct garbage_pass *pass;
    int i;
};

struct garbage_pass {
    struct db *db;
    struct store *store;
    garbage_done_fn *done;
    void *arg;
    struct id after; /* cursor: last id listed */
    struct id batch[BATCH];
    bool deleted[BATCH];
    struct deleting deleting[AT_ONCE];
    int n, at, under_way; /* at: the next of the batch */
    uint64_t finished;
    bool store_failed, ended;
};

static void pass_list(struct garbage_pass *g);

static void pass_done(struct garbage_pass *g, int status)
{
    g->done(g->arg, status, g->finished);
    free(g);
}

static void on_dropped(void *arg, const struct db_reply *r)
{
    struct garbage_pass *g = arg;
    if (db_status(r) != 0) {
        pass_done(g, GARBAGE_E_DB);
        return;
    }
    for (int i = 0; i < g->n; i++) {
        g->finished += g->deleted[i];
    }
    crash_point("garbage_after_drop");
    pass_list(g);
}

static void pass_drop(struct garbage_pass *g)
{
    struct db_tx *tx = db_tx_begin(g->db);
    for (int i = 0; i < g->n; i++) {
        if (g->deleted[i]) {
            db_tx_add(tx, DB_GARBAGE_DROP, DB_ID(&g->batch[i]));
        }
    }
    crash_point("garbage_before_drop");
    db_tx_commit(tx, on_dropped, g);
}

static void pass_delete(struct garbage_pass *g);

static void on_deleted(void *arg, int status)
{
    struct deleting *d = arg;
    struct garbage_pass *g = d->pass;
    g->deleted[d->i] = status == 0;
    g->store_failed = g->store_failed || status != 0;
    g->under_way--;
    d->pass = NULL;
    pass_delete(g);
}

static void delete_next(struct garbage_pass *g)
{
    char key[STORE_KEY_SIZE];
    struct deleting *d = g->deleting;
    while (d->pass != NULL) {
        d++;
    }
    *d = (struct deleting){.pass = g, .i = g->at++};
    g->under_way++;
    store_key(&g->batch[d->i], key);
    store_delete(g->store, key, on_deleted, d);
}

static void batch_over(struct garbage_pass *g)
{
    bool any = false;
    for (int i = 0; i < g->n; i++) {
        any = any || g->deleted[i];
    }
    if (any) {
        pass_drop(g);
    } else {
        pass_list(g);
    }
}

static void pass_delete(struct garbage_pass *g)
{
    while (g->at < g->n && !g->ended && g->under_way < AT_ONCE) {
        delete_next(g);
    }
    if (g->under_way == 0) {
        batch_over(g);
    }
}

static void on_listed(void *arg, const struct db_reply *r)
{
    struct garbage_pass *g = arg;
    if (db_status(r) != 0) {
        pass_done(g, GARBAGE_E_DB);
        return;
    }
    g->n = db_rows(r, 0);
    g->at = 0;
    ALWAYS(g->n <= BATCH);
    if (g->n == 0) {
        pass_done(g, g->store_failed ? GARBAGE_E_STORE : 0);
        return;
    }
    for (int i = 0; i < g->n; i++) {
        g->batch[i] = db_id(r, 0, i, 0);
        g->deleted[i] = false;
    }
    g->after = g->batch[g->n - 1];
    pass_delete(g);
}

static void pass_list(struct garbage_pass *g)
{
    if (g->ended) {
        pass_done(g, GARBAGE_E_ENDED);
        return;
    }
    db_run(g->db, on_listed, g, DB_GARBAGE_LIST, DB_ID(&g->after), DB_I64(BATCH),
           DB_I64(clock_now_us()));
}

struct garbage_pass *garbage_pass_begin(struct db *db, struct store *store, garbage_done_fn *done,
                                        void *arg)
{
    struct garbage_pass *g = mem_new(struct garbage_pass);
    g->db = db;
    g->store = store;
    g->done = done;
    g->arg = arg;
    pass_list(g);
    return g;
}

void garbage_pass_end(struct garbage_pass *g)
{
    g->ended = true;
}
