/* SPDX-License-Identifier: Apache-2.0 */
/* Handles live in small heap objects of their own, so that destroy can return at once while libuv
 * closes them later. Posted calls are a mutex-guarded list plus one uv_async; the mutex is the only
 * lock here. */
#include "base/loop.h"

#include "base/list.h"

#include <pthread.h>

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    const struct log *log;
    unsigned offloaded;
    struct {
        pthread_mutex_t lock;
        struct list calls; /* struct post.node */
        bool stop;
    } synced;
};

struct post {
    struct list node;
    loop_fn *fn;
    void *arg;
};

static void run_posts(uv_async_t *a)
{
    struct loop *l = CONTAINER_OF(a, struct loop, wake);
    struct list calls;
    list_init(&calls);
    pthread_mutex_lock(&l->synced.lock);
    struct list *n;
    while ((n = list_pop(&l->synced.calls)) != NULL) {
        list_append(&calls, n);
    }
    bool stop = l->synced.stop;
    l->synced.stop = false; /* it may be run again */
    pthread_mutex_unlock(&l->synced.lock);
    while ((n = list_pop(&calls)) != NULL) {
        struct post *p = CONTAINER_OF(n, struct post, node);
        p->fn(p->arg);
        free(p);
    }
    if (stop) {
        uv_stop(&l->uv);
    }
}

struct loop *loop_create(const struct log *log)
{
    struct loop *l = mem_new(struct loop);
    l->log = log;
    list_init(&l->synced.calls);
    pthread_mutex_init(&l->synced.lock, NULL);
    ALWAYS(uv_loop_init(&l->uv) == 0);
    ALWAYS(uv_async_init(&l->uv, &l->wake, run_posts) == 0);
    return l;
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    pthread_mutex_lock(&l->synced.lock);
    l->synced.stop = true;
    pthread_mutex_unlock(&l->synced.lock);
    uv_async_send(&l->wake);
}

struct loop *loop_destroy(struct loop *l)
{
    if (l == NULL) {
        return NULL;
    }
    run_posts(&l->wake);
    uv_close((uv_handle_t *)&l->wake, NULL);
    while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0) {
    }
    ALWAYS(uv_loop_close(&l->uv) == 0);
    pthread_mutex_destroy(&l->synced.lock);
    free(l);
    return NULL;
}

uv_loop_t *loop_uv(struct loop *l)
{
    return &l->uv;
}

const struct log *loop_log(struct loop *l)
{
    return l->log;
}

void loop_post(struct loop *l, loop_fn *fn, void *arg)
{
    struct post *p = mem_new(struct post);
    p->fn = fn;
    p->arg = arg;
    pthread_mutex_lock(&l->synced.lock);
    list_append(&l->synced.calls, &p->node);
    pthread_mutex_unlock(&l->synced.lock);
    uv_async_send(&l->wake);
}

struct offload {
    uv_work_t req;
    struct loop *loop;
    loop_fn *work, *done;
    void *arg;
};

static void offload_work(uv_work_t *req)
{
    struct offload *o = CONTAINER_OF(req, struct offload, req);
    o->work(o->arg);
}

static void offload_done(uv_work_t *req, int status)
{
    struct offload *o = CONTAINER_OF(req, struct offload, req);
    o->loop->offloaded--;
    o->done(o->arg);
    free(o);
}

void loop_offload(struct loop *l, loop_fn *work, loop_fn *done, void *arg)
{
    struct offload *o = mem_new(struct offload);
    *o = (struct offload){.loop = l, .work = work, .done = done, .arg = arg};
    l->offloaded++;
    ALWAYS(uv_queue_work(&l->uv, &o->req, offload_work, offload_done) == 0);
}

unsigned loop_offloaded(const struct loop *l)
{
    return l->offloaded;
}

struct timer {
    uv_timer_t uv;
    loop_fn *fn;
    void *arg;
};

static void timer_fired(uv_timer_t *uv)
{
    struct timer *t = CONTAINER_OF(uv, struct timer, uv);
    t->fn(t->arg);
}

struct timer *timer_create_on(struct loop *l, loop_fn *fn, void *arg)
{
    struct timer *t = mem_new(struct timer);
    t->fn = fn;
    t->arg = arg;
    ALWAYS(uv_timer_init(&l->uv, &t->uv) == 0);
    return t;
}

void timer_set(struct timer *t, uint64_t ms)
{
    uv_update_time(t->uv.loop);
    ALWAYS(uv_timer_start(&t->uv, timer_fired, ms, 0) == 0);
}

void timer_stop(struct timer *t)
{
    uv_timer_stop(&t->uv);
}

static void timer_closed(uv_handle_t *h)
{
    free(CONTAINER_OF(h, struct timer, uv));
}

struct timer *timer_destroy(struct timer *t)
{
    if (t != NULL) {
        uv_close((uv_handle_t *)&t->uv, timer_closed);
    }
    return NULL;
}

struct watch {
    uv_poll_t uv;
    watch_fn *fn;
    void *arg;
};

static void watch_fired(uv_poll_t *uv, int status, int events)
{
    struct watch *w = CONTAINER_OF(uv, struct watch, uv);
    /* An error on the descriptor shows as readable: the owner's next read reports it. */
    w->fn(w->arg, status < 0 ? UV_READABLE | UV_WRITABLE : events);
}

struct watch *watch_create(struct loop *l, int fd, watch_fn *fn, void *arg)
{
    struct watch *w = mem_new(struct watch);
    w->fn = fn;
    w->arg = arg;
    ALWAYS(uv_poll_init(&l->uv, &w->uv, fd) == 0);
    return w;
}

void watch_set(struct watch *w, int events)
{
    if (events == 0) {
        uv_poll_stop(&w->uv);
    } else {
        ALWAYS(uv_poll_start(&w->uv, events, watch_fired) == 0);
    }
}

static void watch_closed(uv_handle_t *h)
{
    free(CONTAINER_OF(h, struct watch, uv));
}

struct watch *watch_destroy(struct watch *w)
{
    if (w != NULL) {
        uv_poll_stop(&w->uv);
        uv_close((uv_handle_t *)&w->uv, watch_closed);
    }
    return NULL;
}
