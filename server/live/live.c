/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's clockwork: a tick twice a second for whatever waits, a look at running views every
 * three seconds, and cameras that are switched off. */
#include "live/live_state.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { TICK_MS = 500, CAMERAS_MAX = 2000 };

struct live_hub *live_hub_of(const struct live *l)
{
    return l->p.hub;
}

/* ---- switched off ---- */

struct off {
    struct live_hub *hub;
    struct live *live;
    struct id camera;
};

/* The loop may have ended its live view meanwhile. */
static bool is_there(struct live_hub *h, const struct live *l)
{
    bool found = false;
    hub_lock(h);
    list_for_each (it, &h->synced.lives) {
        found |= CONTAINER_OF(it, struct live, of_hub) == l;
    }
    hub_unlock(h);
    return found;
}

static void off_here(void *arg)
{
    struct off *o = arg;
    if (is_there(o->hub, o->live)) {
        o->live->p.camera_off(o->live->p.arg, &o->camera);
    }
    free(o);
}

void live_switch_off(struct live *l, const struct id *camera)
{
    struct live_hub *h = l->p.hub;
    live_hub_end_all(h, camera, LIVE_OFF);
    hub_lock(h);
    list_for_each (it, &h->synced.lives) {
        struct off *o = mem_new(struct off);
        *o = (struct off){
            .hub = h, .live = CONTAINER_OF(it, struct live, of_hub), .camera = *camera};
        loop_post(o->live->p.loop, off_here, o);
    }
    hub_unlock(h);
}

/* Columns of cameras_off.sql: camera_id */
static void polled(void *arg, const struct db_reply *r)
{
    struct live *l = arg;
    l->polling = false;
    l->under_way--;
    for (int i = 0; db_status(r) == 0 && i < db_rows(r, 0); i++) {
        struct id camera = db_id(r, 0, i, 0);
        live_switch_off(l, &camera);
    }
}

/* Another server may have switched one off that sends to this one. */
static void poll_cameras(struct live *l)
{
    struct id *cameras = mem_alloc(CAMERAS_MAX, sizeof *cameras);
    size_t n = live_hub_cameras(l->p.hub, cameras, CAMERAS_MAX);
    if (n > 0) {
        struct buf text = BUF_INIT(CAMERAS_MAX * ID_TEXT_SIZE + 2);
        for (size_t i = 0; i < n; i++) {
            char id[ID_TEXT_SIZE];
            id_format(&cameras[i], id);
            buf_printf(&text, "%s%s", i == 0 ? "{" : ",", id);
        }
        buf_str(&text, "}");
        l->polling = true;
        l->under_way++;
        db_run(l->p.db, polled, l, DB_CAMERAS_OFF, DB_TEXT((const char *)text.data));
        buf_finish(&text);
    }
    free(cameras);
}

/* ---- time ---- */

static void wake_all(struct live *l)
{
    struct list subs = l->subs; /* a sub may close itself while it is woken */
    if (list_empty(&l->subs)) {
        return;
    }
    subs.next->prev = subs.prev->next = &subs;
    list_init(&l->subs);
    for (struct list *it; (it = list_pop(&subs)) != NULL;) {
        list_append(&l->subs, it);
        live_sub_wake(CONTAINER_OF(it, struct live_sub, local));
    }
}

static void on_tick(void *arg)
{
    struct live *l = arg;
    if (l->p.keeper) {
        hub_lock(l->p.hub);
        hub_tidy(l->p.hub, clock_mono_ms(), clock_now_us());
        hub_unlock(l->p.hub);
        if (!l->polling && !l->draining) {
            poll_cameras(l);
        }
    }
    wake_all(l);
    timer_set(l->tick, TICK_MS);
}

static void on_recheck(void *arg)
{
    struct live *l = arg;
    live_recheck(l);
    timer_set(l->recheck, LIVE_RECHECK_MS);
}

/* ---- waiting for a camera ---- */

static void await_woken(struct live_waiter *w)
{
    struct live_view *v = CONTAINER_OF(w, struct live_view, waiter);
    struct live_hub *h = v->live->p.hub;
    hub_lock(h);
    bool live = channel_is_live(v->sub->channel, clock_now_us());
    enum live_end end = v->viewer->end;
    hub_unlock(h);
    if (end == LIVE_GOES_ON && !live && clock_mono_ms() < v->wait_until_ms) {
        return;
    }
    list_remove(&w->node);
    v->ready(v->ready_arg, live || end != LIVE_GOES_ON ? end : LIVE_ENDED);
}

void live_await(struct live_view *v, uint64_t ms, live_ready_fn *done, void *arg)
{
    v->waiter.woken = await_woken;
    v->wait_until_ms = clock_mono_ms() + ms;
    v->ready = done;
    v->ready_arg = arg;
    list_append(&v->sub->waiters, &v->waiter.node);
    hub_lock(v->live->p.hub);
    channel_wake(v->sub->channel); /* perhaps it sends already */
    hub_unlock(v->live->p.hub);
}

bool live_media_type(const struct live_view *v, char out[LIVE_TYPE_SIZE])
{
    char codecs[72];
    struct live_hub *h = v->live->p.hub;
    hub_lock(h);
    const struct channel *c = v->sub->channel;
    const struct live_part *newest = channel_part(c, c->next - 1);
    if (newest != NULL) {
        live_init_codecs(newest->init, codecs, sizeof codecs);
    }
    hub_unlock(h);
    if (newest != NULL) {
        snprintf(out, LIVE_TYPE_SIZE, "video/mp4; codecs=\"%s\"", codecs);
    }
    return newest != NULL;
}

/* ---- life ---- */

struct live *live_create(const struct live_params *p)
{
    struct live *l = mem_new(struct live);
    l->p = *p;
    list_init(&l->subs);
    list_init(&l->views);
    l->checked_ms = clock_mono_ms();
    l->tick = timer_create_on(p->loop, on_tick, l);
    l->recheck = timer_create_on(p->loop, on_recheck, l);
    timer_set(l->tick, TICK_MS);
    timer_set(l->recheck, LIVE_RECHECK_MS);
    hub_lock(p->hub);
    list_append(&p->hub->synced.lives, &l->of_hub);
    hub_unlock(p->hub);
    return l;
}

static void unlist(struct live *l)
{
    hub_lock(l->p.hub);
    list_remove(&l->of_hub);
    hub_unlock(l->p.hub);
}

void live_drain(struct live *l)
{
    l->draining = true;
    unlist(l);
    hub_lock(l->p.hub);
    list_for_each (it, &l->subs) {
        struct channel *c = CONTAINER_OF(it, struct live_sub, local)->channel;
        while (!list_empty(&c->viewers)) {
            live_viewer_end(CONTAINER_OF(c->viewers.next, struct live_viewer, node), LIVE_ENDED);
        }
    }
    hub_unlock(l->p.hub);
}

bool live_busy(const struct live *l)
{
    return l->under_way > 0 || !list_empty(&l->subs);
}

struct live *live_destroy(struct live *l)
{
    if (l == NULL) {
        return NULL;
    }
    unlist(l);
    timer_destroy(l->tick);
    timer_destroy(l->recheck);
    if (!live_busy(l)) { /* else late callbacks find their memory: the process is ending by force */
        free(l);
    }
    return NULL;
}
