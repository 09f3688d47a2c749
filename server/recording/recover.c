/* SPDX-License-Identifier: Apache-2.0 */
/* tidy the staging place (pool) -> give up old uploads (database) -> pass over the garbage -> wait
 * -> pass ... A step that fails is tried again after a second; what the store does not delete,
 * after a minute. */
#include "recording/recover.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "recording/garbage.h"

enum { AGAIN_MS = 1000, PASS_EVERY_MS = 2000, REFUSED_MS = 60 * 1000 };

struct recover {
    struct recover_params p;
    struct timer *timer;
    bool tidied, given_up; /* steps that are over */
    bool busy, ended;      /* busy: a callback is still to come */
    bool complained;       /* about the fault that goes on */
    int tidy_status;
    unsigned removed;
    struct garbage_pass *pass;
};

static void step(void *arg);

/* A callback came. False: it was the last one. */
static bool still_wanted(struct recover *r)
{
    r->busy = false;
    if (r->ended) {
        free(r);
        return false;
    }
    return true;
}

static void again_later(struct recover *r, const char *what, const char *reason)
{
    if (!r->complained) {
        log_warn(loop_log(r->p.loop), "recovery_waits", F_STR("step", what),
                 F_STR("reason", reason));
    }
    r->complained = true;
    timer_set(r->timer, AGAIN_MS);
}

/* ---- staged files ---- */
static void tidy_work(void *arg)
{
    struct recover *r = arg;
    r->tidy_status = store_recover(r->p.store, &r->removed);
}

static void tidy_done(void *arg)
{
    struct recover *r = arg;
    if (!still_wanted(r)) {
        return;
    }
    if (r->tidy_status != 0) {
        again_later(r, "staging", "the store does not answer");
        return;
    }
    if (r->removed > 0) {
        log_info(loop_log(r->p.loop), "staged_files_removed", F_INT("files", r->removed));
    }
    r->tidied = true;
    step(r);
}

/* ---- uploads ---- */
static void on_given_up(void *arg, const struct db_reply *reply)
{
    struct recover *r = arg;
    if (!still_wanted(r)) {
        return;
    }
    if (db_status(reply) != 0) {
        again_later(r, "uploads", db_message(reply));
        return;
    }
    if (db_i64(reply, 0, 0, 0) > 0) {
        log_info(loop_log(r->p.loop), "uploads_given_up", F_INT("uploads", db_i64(reply, 0, 0, 0)),
                 F_INT("objects", db_i64(reply, 0, 0, 1)));
    }
    r->given_up = true;
    crash_point("recover_after_uploads");
    step(r);
}

/* ---- garbage ---- */
static void on_pass_done(void *arg, int status, uint64_t finished)
{
    struct recover *r = arg;
    r->pass = NULL;
    if (!still_wanted(r)) {
        return;
    }
    if (finished > 0) {
        log_info(loop_log(r->p.loop), "garbage_finished", F_INT("objects", (int64_t)finished));
    }
    if (status == GARBAGE_E_DB) {
        again_later(r, "garbage", "the database does not answer");
        return;
    }
    if (status == GARBAGE_E_STORE && !r->complained) {
        log_warn(loop_log(r->p.loop), "recovery_waits", F_STR("step", "garbage"),
                 F_STR("reason", "the store did not delete some objects"));
    }
    r->complained = status == GARBAGE_E_STORE;
    timer_set(r->timer, r->complained ? REFUSED_MS : PASS_EVERY_MS);
}

static void step(void *arg)
{
    struct recover *r = arg;
    r->busy = true;
    if (!r->tidied) {
        loop_offload(r->p.loop, tidy_work, tidy_done, r);
    } else if (!r->given_up) {
        struct db_tx *tx = db_tx_begin(r->p.db);
        const struct db_arg node = DB_TEXT(r->p.node), before = DB_I64(r->p.before_us),
                            now = DB_I64(clock_now_us());
        db_tx_add(tx, DB_UPLOAD_ABANDONED, node, before, now);
        db_tx_add(tx, DB_SPRITE_RECOVER, node, before, now);
        db_tx_commit(tx, on_given_up, r);
    } else {
        r->pass = garbage_pass_begin(r->p.db, r->p.store, on_pass_done, r);
    }
}

struct recover *recover_create(const struct recover_params *p)
{
    struct recover *r = mem_new(struct recover);
    r->p = *p;
    r->timer = timer_create_on(p->loop, step, r);
    step(r);
    return r;
}

void recover_garbage(struct recover *r)
{
    if (!r->busy && r->tidied && r->given_up && !r->complained) {
        timer_set(r->timer, 0);
    }
}

struct recover *recover_destroy(struct recover *r)
{
    if (r == NULL) {
        return NULL;
    }
    r->timer = timer_destroy(r->timer);
    r->ended = true;
    if (r->pass != NULL) {
        garbage_pass_end(r->pass);
    }
    if (!r->busy) {
        free(r);
    }
    return NULL;
}
