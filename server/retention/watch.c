/* SPDX-License-Identifier: Apache-2.0 */
/* camera, camera ... until it is nobody's turn -> wait. */
#include "retention/watch.h"

#include "base/clock.h"
#include "metrics/metrics.h"

enum { ROUND_MS = 1000, AGAIN_MS = 5000, ROUND_MAX = 1000 };

struct watcher {
    struct watcher_params p;
    struct timer *timer;
    bool busy, ended, counted;
    unsigned looked; /* in this round */
    int64_t stopped; /* as the gauge has it */
};

static void look(struct watcher *w);

static bool still_wanted(struct watcher *w)
{
    w->busy = false;
    if (w->ended) {
        free(w);
        return false;
    }
    return true;
}

static void set_stopped(struct watcher *w, int64_t stopped)
{
    if (stopped != w->stopped) {
        metric_add(METRIC_CAMERAS_STOPPED, stopped - w->stopped);
    }
    w->stopped = stopped;
}

/* Columns of watch_next.sql. */
enum { CAMERA, LAG_US, CHANGED, STOPPED };

static void tell(struct watcher *w, const struct db_reply *r)
{
    struct id camera = db_id(r, 0, 0, CAMERA);
    if (!db_is_null(r, 0, 0, LAG_US)) {
        int64_t lag_us = db_i64(r, 0, 0, LAG_US);
        metric_observe_us(METRIC_RECORDING_LAG, lag_us > 0 ? (uint64_t)lag_us : 0);
    }
    if (db_i64(r, 0, 0, CHANGED) > 0) {
        log_warn(loop_log(w->p.loop), "recording_stopped", F_ID("camera", &camera));
    } else if (db_i64(r, 0, 0, CHANGED) < 0) {
        log_info(loop_log(w->p.loop), "recording_again", F_ID("camera", &camera));
    }
    if (!db_is_null(r, 0, 0, STOPPED)) {
        set_stopped(w, db_i64(r, 0, 0, STOPPED));
    }
}

static void looked(void *arg, const struct db_reply *r)
{
    struct watcher *w = arg;
    if (!still_wanted(w)) {
        return;
    }
    if (db_status(r) != 0) {
        timer_set(w->timer, AGAIN_MS);
        return;
    }
    if (db_is_null(r, 0, 0, CAMERA) || ++w->looked >= ROUND_MAX) {
        timer_set(w->timer, ROUND_MS);
        return;
    }
    tell(w, r);
    look(w);
}

static void look(struct watcher *w)
{
    w->busy = true;
    db_run(w->p.db, looked, w, DB_WATCH_NEXT, DB_I64(clock_now_us()),
           DB_I64((int64_t)w->p.every_s * CLOCK_US), DB_I64((int64_t)w->p.lag_s * CLOCK_US));
}

/* Once at the start; later changes tell. */
static void counted(void *arg, const struct db_reply *r)
{
    struct watcher *w = arg;
    if (!still_wanted(w)) {
        return;
    }
    if (db_status(r) != 0) {
        timer_set(w->timer, AGAIN_MS);
        return;
    }
    w->counted = true;
    set_stopped(w, db_i64(r, 0, 0, 0));
    look(w);
}

static void begin_round(void *arg)
{
    struct watcher *w = arg;
    w->looked = 0;
    if (w->counted) {
        look(w);
        return;
    }
    w->busy = true;
    db_run(w->p.db, counted, w, DB_WATCH_STOPPED);
}

struct watcher *watcher_create(const struct watcher_params *p)
{
    struct watcher *w = mem_new(struct watcher);
    w->p = *p;
    w->timer = timer_create_on(p->loop, begin_round, w);
    begin_round(w);
    return w;
}

struct watcher *watcher_destroy(struct watcher *w)
{
    if (w == NULL) {
        return NULL;
    }
    w->timer = timer_destroy(w->timer);
    w->ended = true;
    if (!w->busy) {
        free(w);
    }
    return NULL;
}
