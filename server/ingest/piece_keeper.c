/* SPDX-License-Identifier: Apache-2.0 */
/* once: rows of a dead process' arrivals go, and bodies that no row knows -> every second: what is
 * due -> every hour: rows so old that nobody sends their piece again. */
#include "base/buf.h"
#include "base/clock.h"
#include "ingest/piece_work.h"
#include "storage/spool/spool.h"

enum { LOOK_MS = 1000, PRUNE_EVERY = 3600, PRUNE_MAX = 10000, BODIES_MAX = 20000 };
static const int64_t REMEMBER_US = 3 * 86400 * INT64_C(1000000);

struct piece_keeper {
    struct ingest *in;
    struct timer *timer;
    int64_t made_us;
    unsigned looks;
    bool tidied, busy, ended; /* busy: a callback is still to come */
    struct id *bodies;        /* found in the spool at the start */
    size_t n_bodies;
};

static void look(void *arg);

static bool still_wanted(struct piece_keeper *k)
{
    k->busy = false;
    if (k->ended) {
        free(k->bodies);
        free(k);
        return false;
    }
    return true;
}

/* ---- what a crash left ---- */

static int note_body(void *arg, const struct id *body, uint64_t file_bytes)
{
    struct piece_keeper *k = arg;
    if (k->n_bodies == BODIES_MAX) {
        return 1;
    }
    k->bodies = mem_resize(k->bodies, k->n_bodies + 1, sizeof *k->bodies);
    k->bodies[k->n_bodies++] = *body;
    return 0;
}

static void list_bodies(void *arg)
{
    struct piece_keeper *k = arg;
    (void)!spool_list(k->in->spool, SPOOL_PIECES, note_body, k);
}

static void remove_bodies(void *arg)
{
    struct piece_keeper *k = arg;
    for (size_t i = 0; i < k->n_bodies; i++) {
        (void)!spool_remove(k->in->spool, SPOOL_PIECES, &k->bodies[i]);
    }
}

static void on_removed(void *arg)
{
    struct piece_keeper *k = arg;
    if (still_wanted(k)) {
        free(k->bodies);
        k->bodies = NULL;
        k->tidied = true;
        look(k);
    }
}

/* Those that a row knows stay. */
static void on_known(void *arg, const struct db_reply *r)
{
    struct piece_keeper *k = arg;
    if (!still_wanted(k)) {
        return;
    }
    if (db_status(r) != 0) {
        k->n_bodies = 0;
    }
    for (int row = 0; row < db_rows(r, 0); row++) {
        struct id known = db_id(r, 0, row, 0);
        for (size_t i = 0; i < k->n_bodies; i++) {
            if (id_equal(&k->bodies[i], &known)) {
                k->bodies[i] = k->bodies[--k->n_bodies];
                break;
            }
        }
    }
    k->busy = true;
    loop_offload(k->in->loop, remove_bodies, on_removed, k);
}

static void on_bodies(void *arg)
{
    struct piece_keeper *k = arg;
    if (!still_wanted(k)) {
        return;
    }
    struct buf list CLEANUP(buf_finish) = BUF_INIT(BODIES_MAX * ID_TEXT_SIZE + 16);
    char text[ID_TEXT_SIZE];
    buf_str(&list, "{");
    for (size_t i = 0; i < k->n_bodies; i++) {
        id_format(&k->bodies[i], text);
        buf_printf(&list, "%s%s", i == 0 ? "" : ",", text);
    }
    buf_str(&list, "}");
    buf_u8(&list, 0);
    k->busy = true;
    db_run(k->in->db, on_known, k, DB_PIECE_SPOOLED, DB_TEXT((const char *)list.data));
}

/* The bodies are listed after that: one that arrives now has its row first. */
static void on_tidied(void *arg, const struct db_reply *r)
{
    struct piece_keeper *k = arg;
    if (!still_wanted(k)) {
        return;
    }
    if (db_status(r) != 0) {
        timer_set(k->timer, LOOK_MS);
        return;
    }
    k->busy = true;
    loop_offload(k->in->loop, list_bodies, on_bodies, k);
}

/* ---- every second ---- */

static void on_pruned(void *arg, const struct db_reply *r)
{
    struct piece_keeper *k = arg;
    if (still_wanted(k)) {
        timer_set(k->timer, LOOK_MS);
    }
}

static void look(void *arg)
{
    struct piece_keeper *k = arg;
    int64_t now = clock_now_us();
    if (!k->tidied) {
        k->busy = true;
        db_run(k->in->db, on_tidied, k, DB_PIECE_TIDY, DB_TEXT(k->in->node), DB_I64(k->made_us),
               DB_I64(now));
        return;
    }
    piece_work(k->in);
    if (k->looks++ % PRUNE_EVERY == 0) {
        k->busy = true;
        db_run(k->in->db, on_pruned, k, DB_PIECE_PRUNE, DB_I64(now - REMEMBER_US),
               DB_I64(PRUNE_MAX));
        return;
    }
    timer_set(k->timer, LOOK_MS);
}

struct piece_keeper *piece_keeper_create(struct ingest *in)
{
    struct piece_keeper *k = mem_new(struct piece_keeper);
    *k = (struct piece_keeper){.in = in, .made_us = clock_now_us()};
    k->timer = timer_create_on(in->loop, look, k);
    look(k);
    return k;
}

struct piece_keeper *piece_keeper_destroy(struct piece_keeper *k)
{
    if (k == NULL) {
        return NULL;
    }
    k->timer = timer_destroy(k->timer);
    k->ended = true;
    if (!k->busy) {
        free(k->bodies);
        free(k);
    }
    return NULL;
}
