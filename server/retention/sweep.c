/* SPDX-License-Identifier: Apache-2.0 */
/* One round: clock -> deletions -> cameras -> households -> grants -> room -> signatures -> wait. A
 * step repeats itself while there is more of its kind, at most STEP_MAX times a round; what the
 * database refuses ends the round, and the next begins a little later. */
#include "retention/sweep.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "metrics/metrics.h"
#include "retention/clock_guard.h"
#include "retention/cut_out.h"
#include "retention/tombstone.h"

#include <stdio.h>
#include <string.h>

enum { ROUND_MS = 1000, AGAIN_MS = 5000, STEP_MAX = 2000, SEGMENTS_A_STEP = 500, SIGN_BATCH = 50 };
enum { CUT_AGAIN_S = 60, REMEMBER_S = 60 };

struct sweep {
    struct sweep_params p;
    struct timer *timer;
    unsigned step, repeats;
    bool busy, dead; /* busy: a callback is still to come */
    bool erased;     /* in this round */
    bool complained; /* about the fault that goes on */
    int64_t now_us, households_us, stopped_us, remembered_us;
    enum clock_verdict told; /* what the log says of the clock */
    struct id deletion;      /* being cut */
    int store_status;
    bool pressed; /* the store is full: soft limits count */
    struct sign_key key;
    struct sweep_totals totals;
};

static void step_clock(struct sweep *s);
static void step_deletions(struct sweep *s);
static void step_cameras(struct sweep *s);
static void step_households(struct sweep *s);
static void step_room(struct sweep *s);
static void step_grants(struct sweep *s);
static void step_sign(struct sweep *s);

static void (*const steps[])(struct sweep *) = {
    step_clock, step_deletions, step_cameras, step_households, step_grants, step_room, step_sign,
};

/* ---- going on ---- */

static void release(struct sweep *s)
{
    secret_wipe(&s->key, sizeof s->key);
    free(s);
}

/* A callback came. False: it was the last one. */
static bool still_wanted(struct sweep *s)
{
    s->busy = false;
    if (s->dead) {
        release(s);
        return false;
    }
    return true;
}

static void run_step(struct sweep *s)
{
    s->busy = true;
    steps[s->step](s);
}

static void round_over(struct sweep *s, uint64_t wait_ms)
{
    if (s->erased && s->p.erased != NULL) {
        s->p.erased(s->p.arg);
    }
    s->erased = false;
    if (s->p.once) {
        loop_post(s->p.loop, s->p.ended, s->p.arg);
        return;
    }
    timer_set(s->timer, wait_ms);
}

static void next_step(struct sweep *s)
{
    s->repeats = 0;
    if (++s->step < ARRAY_LEN(steps)) {
        run_step(s);
        return;
    }
    s->complained = false;
    round_over(s, ROUND_MS);
}

static void repeat(struct sweep *s)
{
    if (++s->repeats >= STEP_MAX && !s->p.once) {
        next_step(s);
        return;
    }
    run_step(s);
}

static void failed(struct sweep *s, const char *step, const char *reason)
{
    if (!s->complained) {
        log_warn(loop_log(s->p.loop), "sweep_waits", F_STR("step", step), F_STR("reason", reason));
    }
    s->complained = true;
    s->totals.failed = true;
    round_over(s, AGAIN_MS);
}

static void begin_round(void *arg)
{
    struct sweep *s = arg;
    s->step = s->repeats = 0;
    s->now_us = clock_now_us();
    run_step(s);
}

/* The common beginning of what follows a statement. False: it did not work, and that is seen to. */
static bool worked(struct sweep *s, const struct db_reply *r, const char *step)
{
    if (!still_wanted(s)) {
        return false;
    }
    if (db_status(r) != 0) {
        failed(s, step, db_message(r));
        return false;
    }
    return true;
}

static void count(struct sweep *s, uint64_t *total, enum metric m, const struct db_reply *r,
                  int col)
{
    int64_t segments = db_i64(r, 0, 0, col), bytes = db_i64(r, 0, 0, col + 1);
    *total += (uint64_t)segments;
    s->totals.bytes += (uint64_t)bytes;
    s->erased = s->erased || segments > 0;
    if (segments > 0) {
        metric_add(m, segments);
        metric_add(METRIC_ERASED_BYTES, bytes);
    }
}

static void gauge(enum metric m, bool *was, bool is)
{
    if (*was != is) {
        metric_add(m, is ? 1 : -1);
    }
    *was = is;
}

/* ---- clock ---- */

static void on_remembered(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "clock")) {
        return;
    }
    if (s->totals.clock_stopped) {
        round_over(s, AGAIN_MS);
        return;
    }
    next_step(s);
}

static void tell_clock(struct sweep *s, enum clock_verdict v)
{
    if (v != s->told && v != CLOCK_BELIEVED) {
        log_error(loop_log(s->p.loop), "erasing_stopped", F_STR("reason", clock_verdict_text(v)),
                  F_STR("hint", "set the clock right, or say that it is: doorward gc "
                                "--trust-clock"));
    } else if (v != s->told) {
        log_info(loop_log(s->p.loop), "erasing_goes_on",
                 F_STR("reason", clock_verdict_text(CLOCK_BELIEVED)));
    }
    s->told = v;
    gauge(METRIC_ERASING_STOPPED, &s->totals.clock_stopped, v != CLOCK_BELIEVED);
}

/* The memory is of the time when the clock was last believed. */
static void remember(struct sweep *s, const struct clock_facts *now, const struct clock_memory *m,
                     enum clock_verdict v)
{
    bool believed = v == CLOCK_BELIEVED, fresh = believed || !m->known;
    int64_t stopped_us = m->stopped_us != 0 ? m->stopped_us : now->wall_us;
    s->busy = true;
    s->remembered_us = now->wall_us;
    db_run(s->p.db, on_remembered, s, DB_KEEPING_CLOCK_PUT, DB_TEXT(s->p.node),
           DB_TEXT(fresh ? now->boot_id : m->boot_id),
           DB_I64(fresh ? now->uptime_us : m->uptime_us), DB_I64(fresh ? now->wall_us : m->wall_us),
           believed ? DB_NULL : DB_I64(stopped_us), DB_TEXT(believed ? "" : clock_verdict_text(v)));
}

/* Columns of keeping_clock_get.sql. */
enum {
    CLOCK_DATABASE,
    CLOCK_NEWEST,
    CLOCK_BOOT,
    CLOCK_UPTIME,
    CLOCK_WALL,
    CLOCK_STOPPED,
    CLOCK_TRUSTED
};

static void on_clock(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "clock")) {
        return;
    }
    struct clock_facts f;
    struct clock_memory m = {.known = !db_is_null(r, 0, 0, CLOCK_BOOT),
                             .uptime_us = db_i64(r, 0, 0, CLOCK_UPTIME),
                             .wall_us = db_i64(r, 0, 0, CLOCK_WALL),
                             .stopped_us = db_i64(r, 0, 0, CLOCK_STOPPED),
                             .trusted = !db_is_null(r, 0, 0, CLOCK_TRUSTED)};
    clock_look(&f);
    f.database_us = db_i64(r, 0, 0, CLOCK_DATABASE);
    f.newest_us = db_i64(r, 0, 0, CLOCK_NEWEST);
    if (m.known) {
        snprintf(m.boot_id, sizeof m.boot_id, "%s", db_text(r, 0, 0, CLOCK_BOOT));
    }
    enum clock_verdict v = clock_judge(&m, &f);
    bool same = v == CLOCK_BELIEVED && m.stopped_us == 0 && m.known && !m.trusted &&
                f.wall_us - s->remembered_us < REMEMBER_S * INT64_C(1000000);
    tell_clock(s, v);
    if (same) {
        next_step(s);
    } else {
        remember(s, &f, &m, v);
    }
}

static void step_clock(struct sweep *s)
{
    db_run(s->p.db, on_clock, s, DB_KEEPING_CLOCK_GET, DB_TEXT(s->p.node));
}

/* ---- deletions ---- */

static void on_later(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (worked(s, r, "deletions")) {
        repeat(s);
    }
}

static void on_cut(void *arg, int status)
{
    struct sweep *s = arg;
    if (!still_wanted(s)) {
        return;
    }
    if (status == CUT_OUT_E_LATER) {
        s->totals.failed = true;
        s->busy = true;
        db_run(s->p.db, on_later, s, DB_DELETION_LATER, DB_ID(&s->deletion),
               DB_I64(clock_now_us() + CUT_AGAIN_S * INT64_C(1000000)));
        return;
    }
    if (status == 0) {
        s->totals.cut_segments++;
        s->erased = true;
        metric_add(METRIC_ERASED_CUT, 1);
    }
    repeat(s);
}

/* Columns of deletion_next.sql. */
enum { DELETION_ID, DELETION_SEGMENTS, DELETION_BYTES, DELETION_REMAINING, DELETION_CUTS };

static void on_deletion(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "deletions")) {
        return;
    }
    if (db_rows(r, 0) == 0) {
        next_step(s);
        return;
    }
    count(s, &s->totals.deleted_segments, METRIC_ERASED_DELETED, r, DELETION_SEGMENTS);
    crash_point("sweep_after_deletion");
    if (db_i64(r, 0, 0, DELETION_REMAINING) > 0 || db_i64(r, 0, 0, DELETION_CUTS) == 0) {
        repeat(s);
        return;
    }
    const struct cut_out_params p = {.loop = s->p.loop,
                                     .db = s->p.db,
                                     .store = s->p.store,
                                     .keyring = s->p.keyring,
                                     .node = s->p.node};
    s->deletion = db_id(r, 0, 0, DELETION_ID);
    s->busy = true;
    cut_out_begin(&p, &s->deletion, on_cut, s);
}

static void step_deletions(struct sweep *s)
{
    db_run(s->p.db, on_deletion, s, DB_DELETION_NEXT, DB_I64(clock_now_us()),
           DB_I64(SEGMENTS_A_STEP));
}

/* ---- cameras and households ---- */

/* Columns of sweep_next.sql. */
enum {
    SWEEP_CAMERA,
    SWEEP_SEGMENTS,
    SWEEP_BYTES,
    SWEEP_HELD,
    SWEEP_OVER_SEGMENTS,
    SWEEP_OVER_BYTES,
    SWEEP_MORE,
    SWEEP_SOFT,
    SWEEP_HALTED
};

static void halted(struct sweep *s, const struct db_reply *r)
{
    struct id camera = db_id(r, 0, 0, SWEEP_CAMERA);
    s->totals.halted_cameras++;
    metric_add(METRIC_HALTED_CAMERAS, 1);
    log_error(loop_log(s->p.loop), "erasing_halted", F_ID("camera", &camera),
              F_STR("reason", "an unusual share of its footage was to go"),
              F_STR("hint", "see doorward gc --dry-run; if it may go: doorward gc --confirm"));
}

static void on_camera(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "cameras")) {
        return;
    }
    if (db_is_null(r, 0, 0, SWEEP_CAMERA)) {
        next_step(s);
        return;
    }
    count(s, &s->totals.expired_segments, METRIC_ERASED_EXPIRED, r, SWEEP_SEGMENTS);
    count(s, &s->totals.quota_segments, METRIC_ERASED_QUOTA, r, SWEEP_OVER_SEGMENTS);
    metric_add(METRIC_SWEPT_CAMERAS, 1);
    if (db_bool(r, 0, 0, SWEEP_HALTED)) {
        halted(s, r);
    }
    crash_point("sweep_after_camera");
    repeat(s);
}

/* What is due is what was due when the round began: or a short interval would never end it. */
static void step_cameras(struct sweep *s)
{
    int64_t every_us = (int64_t)s->p.every_s * CLOCK_US;
    db_run(s->p.db, on_camera, s, DB_SWEEP_NEXT, DB_I64(s->now_us), DB_I64(every_us),
           DB_I64(SEGMENTS_A_STEP));
}

static void on_household(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "households")) {
        return;
    }
    if (db_is_null(r, 0, 0, 0)) {
        next_step(s);
        return;
    }
    count(s, &s->totals.quota_segments, METRIC_ERASED_QUOTA, r, 1);
    repeat(s);
}

static void evict(struct sweep *s)
{
    db_run(s->p.db, on_household, s, DB_EVICT_NEXT, DB_I64(s->now_us), DB_BOOL(s->pressed),
           DB_I64(SEGMENTS_A_STEP));
}

static void step_households(struct sweep *s)
{
    s->pressed = false;
    if (s->repeats == 0 && s->now_us < s->households_us) {
        s->busy = false;
        next_step(s);
        return;
    }
    s->households_us = s->now_us + (int64_t)s->p.every_s * CLOCK_US;
    evict(s);
}

/* ---- grants ---- */

static void on_grants(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "grants")) {
        return;
    }
    if (db_i64(r, 0, 0, 0) == 0) {
        next_step(s);
        return;
    }
    s->erased = true;
    repeat(s);
}

static void step_grants(struct sweep *s)
{
    db_run(s->p.db, on_grants, s, DB_GRANTS_OVER, DB_I64(s->now_us), DB_I64(SEGMENTS_A_STEP));
}

/* ---- room ---- */

static void look_at_room(void *arg)
{
    struct sweep *s = arg;
    s->store_status = store_health(s->p.store);
}

/* First what is past its time, everywhere: the next round begins with it. */
static void on_all_due(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (worked(s, r, "room")) {
        next_step(s);
    }
}

static void room_looked_at(void *arg)
{
    struct sweep *s = arg;
    if (!still_wanted(s)) {
        return;
    }
    bool full = s->store_status == STORE_E_FULL, was = s->totals.full;
    gauge(METRIC_STORAGE_FULL, &s->totals.full, full);
    if (was && !full) {
        log_info(loop_log(s->p.loop), "storage_has_room");
    }
    if (!full) {
        next_step(s);
        return;
    }
    s->busy = true;
    if (was) {
        s->pressed = true;
        evict(s); /* its answer repeats this step while something goes */
        return;
    }
    log_error(loop_log(s->p.loop), "storage_full",
              F_STR("effect", "no footage is taken; what is over a soft limit goes, oldest first"));
    db_run(s->p.db, on_all_due, s, DB_SWEEP_ALL, DB_I64(s->now_us));
}

static void step_room(struct sweep *s)
{
    if (s->pressed) {
        evict(s);
        return;
    }
    loop_offload(s->p.loop, look_at_room, room_looked_at, s);
}

/* ---- signatures ---- */

static void on_signed(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (worked(s, r, "signatures")) {
        repeat(s);
    }
}

static void on_unsigned(void *arg, const struct db_reply *r)
{
    struct sweep *s = arg;
    if (!worked(s, r, "signatures")) {
        return;
    }
    if (db_rows(r, 0) == 0) {
        next_step(s);
        return;
    }
    struct db_tx *tx = db_tx_begin(s->p.db);
    for (int i = 0; i < db_rows(r, 0); i++) {
        char text[TOMBSTONE_TEXT_MAX];
        uint8_t signature[SIGN_SIZE];
        struct id id = db_id(r, 0, i, 0);
        sign(&s->key, text, tombstone_text(r, 0, i, text), signature);
        db_tx_add(tx, DB_TOMBSTONE_SIGN, DB_ID(&id), DB_BYTES(signature, SIGN_SIZE),
                  DB_BYTES(s->key.public_key, SIGN_PUBLIC_SIZE));
    }
    s->busy = true;
    db_tx_commit(tx, on_signed, s);
}

static void step_sign(struct sweep *s)
{
    s->pressed = false;
    db_run(s->p.db, on_unsigned, s, DB_TOMBSTONE_UNSIGNED, DB_I64(SIGN_BATCH));
}

/* ---- life ---- */

struct sweep *sweep_create(const struct sweep_params *p)
{
    struct sweep *s = mem_new(struct sweep);
    s->p = *p;
    s->timer = timer_create_on(p->loop, begin_round, s);
    sign_key_derive(p->keyring, TOMBSTONE_PURPOSE, &s->key);
    begin_round(s);
    return s;
}

const struct sweep_totals *sweep_totals(const struct sweep *s)
{
    return &s->totals;
}

struct sweep *sweep_destroy(struct sweep *s)
{
    if (s == NULL) {
        return NULL;
    }
    s->timer = timer_destroy(s->timer);
    s->dead = true;
    if (!s->busy) {
        release(s);
    }
    return NULL;
}
