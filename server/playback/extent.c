/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/extent.h"

#include "base/clock.h"

struct extent_cache {
    struct list extents; /* lately used first */
    size_t bytes;
    struct timer *timer; /* armed while there is something */
    bool armed;
};

static void drop(struct extent_cache *c, struct extent *e)
{
    c->bytes -= (size_t)(e->to - e->from);
    list_remove(&e->node);
    free(e->p);
    free(e);
}

static struct extent *oldest(const struct extent_cache *c)
{
    return list_empty(&c->extents) ? NULL : CONTAINER_OF(c->extents.prev, struct extent, node);
}

static void arm(struct extent_cache *c)
{
    c->armed = !list_empty(&c->extents);
    if (c->armed) {
        timer_set(c->timer, EXTENT_AGE_MS);
    }
}

static void on_timer(void *arg)
{
    struct extent_cache *c = arg;
    uint64_t now = clock_mono_ms();
    for (struct extent *e; (e = oldest(c)) != NULL && now - e->used_ms >= EXTENT_AGE_MS;) {
        drop(c, e);
    }
    arm(c);
}

struct extent_cache *extent_cache_create(struct loop *l)
{
    struct extent_cache *c = mem_new(struct extent_cache);
    list_init(&c->extents);
    c->timer = timer_create_on(l, on_timer, c);
    return c;
}

struct extent_cache *extent_cache_destroy(struct extent_cache *c)
{
    if (c != NULL) {
        for (struct extent *e; (e = oldest(c)) != NULL;) {
            drop(c, e);
        }
        timer_destroy(c->timer);
        free(c);
    }
    return NULL;
}

static void touch(struct extent_cache *c, struct extent *e)
{
    e->used_ms = clock_mono_ms();
    list_remove(&e->node);
    list_append(c->extents.next, &e->node); /* before the first */
}

const struct extent *extent_find(struct extent_cache *c, const struct id *object, uint64_t at)
{
    list_for_each (it, &c->extents) {
        struct extent *e = CONTAINER_OF(it, struct extent, node);
        if (at >= e->from && at < e->to && id_equal(&e->object, object)) {
            touch(c, e);
            return e;
        }
    }
    return NULL;
}

void extent_keep(struct extent_cache *c, const struct id *object, uint64_t from, uint8_t *p,
                 size_t n)
{
    struct extent *e = mem_new(struct extent);
    *e = (struct extent){.object = *object, .from = from, .to = from + n, .p = p};
    list_init(&e->node);
    touch(c, e);
    c->bytes += n;
    while (c->bytes > EXTENT_CACHE_BYTES && c->extents.prev != &e->node) {
        drop(c, CONTAINER_OF(c->extents.prev, struct extent, node));
    }
    if (!c->armed) {
        arm(c);
    }
}

void extent_forget(struct extent_cache *c, const struct id *object)
{
    list_for_each_safe (it, &c->extents) {
        struct extent *e = CONTAINER_OF(it, struct extent, node);
        if (id_equal(&e->object, object)) {
            drop(c, e);
        }
    }
}
