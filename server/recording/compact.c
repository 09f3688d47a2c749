/* SPDX-License-Identifier: Apache-2.0 */
/* take a run that is due -> list some of its small segments -> join the first group of them -> list
 * again from there ... -> say when to look at the run again -> the next run. When none is due:
 * wait. */
#include "recording/compact.h"

#include "base/clock.h"
#include "recording/compact_choose.h"
#include "recording/segment_join.h"

#include <string.h>

enum { LIST_MAX = SEGMENT_JOIN_PARTS_MAX, LOOK_MS = 5000, AGAIN_US = 60 * CLOCK_US };

struct compact {
    struct compact_params p;
    struct timer *timer;
    bool busy, ended; /* busy: a callback is still to come */
    /* the run being looked at */
    struct id run, recording, camera, household;
    uint8_t household_wrapped[KEY_WRAPPED_SIZE];
    bool over;        /* nothing came for a while */
    bool again;       /* a join did not come off */
    bool joined;      /* one did */
    int64_t from_90k; /* where the next list begins */
    /* what was listed */
    struct segment_join_part parts[LIST_MAX];
    struct index indexes[LIST_MAX];
    size_t n;
};

static void look(void *arg);
static void list(struct compact *c);

static void drop_list(struct compact *c)
{
    for (size_t i = 0; i < c->n; i++) {
        index_finish(&c->indexes[i]);
    }
    secret_wipe(c->parts, sizeof c->parts);
    c->n = 0;
}

/* A callback came. False: it was the last one. */
static bool still_wanted(struct compact *c)
{
    c->busy = false;
    if (c->ended) {
        drop_list(c);
        free(c);
        return false;
    }
    return true;
}

static void wait(struct compact *c, const char *complaint)
{
    if (complaint != NULL) {
        log_warn(loop_log(c->p.loop), "compaction_waits", F_STR("reason", complaint));
    }
    drop_list(c);
    timer_set(c->timer, LOOK_MS);
}

/* ---- a run is done ---- */

static void on_run_done(void *arg, const struct db_reply *r)
{
    struct compact *c = arg;
    if (!still_wanted(c)) {
        return;
    }
    if (db_status(r) != 0) {
        wait(c, db_message(r));
        return;
    }
    look(c);
}

static void run_done(struct compact *c)
{
    if (c->over && c->joined) { /* what was joined by parts may fit together */
        c->joined = false;
        c->from_90k = INT64_MIN;
        drop_list(c);
        list(c);
        return;
    }
    int64_t again_us = c->p.rest_us < AGAIN_US ? c->p.rest_us : AGAIN_US;
    drop_list(c);
    c->busy = true;
    db_run(c->p.db, on_run_done, c, DB_COMPACT_DONE, DB_ID(&c->run),
           c->over && !c->again ? DB_NULL : DB_I64(clock_now_us() + again_us));
}

/* ---- joining ---- */

static void on_joined(void *arg, int status)
{
    struct compact *c = arg;
    if (!still_wanted(c)) {
        return;
    }
    if (status == SEGMENT_JOIN_E_UNAVAILABLE) {
        wait(c, "the database or the store does not answer");
        return;
    }
    c->joined |= status == 0;
    if (status != 0) {
        c->again = status == SEGMENT_JOIN_E_CHANGED;
        log_warn(loop_log(c->p.loop), "segments_not_joined", F_ID("recording", &c->recording),
                 F_INT("why", status));
    }
    drop_list(c);
    list(c);
}

static void join(struct compact *c, const struct compact_choice *k)
{
    struct segment_join_params p = {
        .loop = c->p.loop,
        .db = c->p.db,
        .store = c->p.store,
        .keyring = c->p.keyring,
        .node = c->p.node,
        .household = c->household,
        .camera = c->camera,
        .recording = c->recording,
        .parts = c->parts + k->first,
        .n_parts = k->n,
        .keep_us = c->p.rest_us,
        .done = on_joined,
        .arg = c,
    };
    memcpy(p.household_wrapped, c->household_wrapped, sizeof p.household_wrapped);
    /* Whether it comes off or not: what is before it need not be looked at again. */
    c->from_90k = c->indexes[k->first + k->n - 1].zero_90k + 1;
    c->busy = true;
    segment_join_begin(&p);
}

/* ---- listing ---- */

/* Columns of compact_list.sql. */
enum { COL_ID, COL_START, COL_PLAIN, COL_KEY, COL_INDEX };

static bool take_row(struct compact *c, const struct db_reply *r, int row)
{
    size_t n, m;
    struct segment_join_part *part = &c->parts[c->n];
    struct index *ix = &c->indexes[c->n];
    const uint8_t *key = db_bytes(r, 0, row, COL_KEY, &n);
    const uint8_t *coded = db_bytes(r, 0, row, COL_INDEX, &m);
    *part = (struct segment_join_part){.start_us = db_i64(r, 0, row, COL_START), .index = ix};
    part->ref.plain_bytes = (uint64_t)db_i64(r, 0, row, COL_PLAIN);
    part->ref.seal.household = c->household;
    part->ref.seal.object = db_id(r, 0, row, COL_ID);
    if (n != KEY_WRAPPED_SIZE ||
        keyring_open_object(c->p.keyring, &c->household, c->household_wrapped,
                            &part->ref.seal.object, key, part->ref.seal.key) < 0 ||
        index_decode(coded, m, ix) < 0) {
        return false;
    }
    c->n++;
    return true;
}

static void on_listed(void *arg, const struct db_reply *r)
{
    struct compact *c = arg;
    if (!still_wanted(c)) {
        return;
    }
    if (db_status(r) != 0) {
        wait(c, db_message(r));
        return;
    }
    bool sound = true;
    for (int row = 0; sound && row < db_rows(r, 0); row++) {
        sound = take_row(c, r, row);
    }
    const struct index *indexes[LIST_MAX];
    for (size_t i = 0; i < c->n; i++) {
        indexes[i] = &c->indexes[i];
    }
    bool whole = db_rows(r, 0) < LIST_MAX;
    struct compact_choice k = compact_choose(
        indexes, c->n, (int64_t)c->p.segment_max_ms * (CLOCK_90K / 1000), c->over || !whole);
    if (k.n >= 2) {
        join(c, &k);
    } else if (whole || !sound) {
        run_done(c);
    } else {
        c->from_90k = c->indexes[c->n - 1].zero_90k;
        drop_list(c);
        list(c);
    }
}

static void list(struct compact *c)
{
    int64_t now = clock_now_us();
    int64_t small_90k = (int64_t)c->p.segment_max_ms * (CLOCK_90K / 1000) / 2;
    c->busy = true;
    db_run(c->p.db, on_listed, c, DB_COMPACT_LIST, DB_ID(&c->recording), DB_I64(c->from_90k),
           DB_I64(small_90k), DB_I64(now - c->p.rest_us), DB_I64(LIST_MAX), DB_I64(now));
}

/* ---- choosing a run ---- */

static void on_due(void *arg, const struct db_reply *r)
{
    struct compact *c = arg;
    if (!still_wanted(c)) {
        return;
    }
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        wait(c, db_status(r) != 0 ? db_message(r) : NULL);
        return;
    }
    size_t n;
    c->run = db_id(r, 0, 0, 0);
    c->recording = db_id(r, 0, 0, 1);
    c->camera = db_id(r, 0, 0, 2);
    c->household = db_id(r, 0, 0, 3);
    const uint8_t *wrapped = db_bytes(r, 0, 0, 4, &n);
    ALWAYS(n == KEY_WRAPPED_SIZE);
    memcpy(c->household_wrapped, wrapped, n);
    c->over = db_bool(r, 0, 0, 5);
    c->from_90k = INT64_MIN;
    c->again = c->joined = false;
    list(c);
}

static void look(void *arg)
{
    struct compact *c = arg;
    c->busy = true;
    db_run(c->p.db, on_due, c, DB_COMPACT_DUE, DB_I64(clock_now_us()), DB_I64(c->p.rest_us));
}

struct compact *compact_create(const struct compact_params *p)
{
    struct compact *c = mem_new(struct compact);
    c->p = *p;
    c->timer = timer_create_on(p->loop, look, c);
    look(c);
    return c;
}

struct compact *compact_destroy(struct compact *c)
{
    if (c == NULL) {
        return NULL;
    }
    c->timer = timer_destroy(c->timer);
    c->ended = true;
    if (!c->busy) {
        drop_list(c);
        free(c);
    }
    return NULL;
}
