/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's viewers on one loop. The hub posts one wake for however much has happened. */
#include "live/live_state.h"

static void sub_woken(void *arg);

void channel_wake(struct channel *c)
{
    list_for_each (it, &c->subs) {
        struct live_sub *s = CONTAINER_OF(it, struct live_sub, node);
        if (!s->posted) {
            s->posted = true;
            loop_post(s->loop, sub_woken, s);
        }
    }
}

/* A waiter that is called may end itself or any other one. */
void live_sub_wake(struct live_sub *s)
{
    struct list now;
    if (list_empty(&s->waiters)) {
        return;
    }
    s->users++;
    now = s->waiters;
    now.next->prev = now.prev->next = &now;
    list_init(&s->waiters);
    for (struct list *it; (it = list_pop(&now)) != NULL;) {
        struct live_waiter *w = CONTAINER_OF(it, struct live_waiter, node);
        list_append(&s->waiters, it);
        w->woken(w);
    }
    live_sub_close(s);
}

static void sub_woken(void *arg)
{
    struct live_sub *s = arg;
    struct live_hub *h = s->hub;
    hub_lock(h);
    bool gone = s->gone;
    s->posted = false;
    hub_unlock(h);
    if (gone) {
        free(s);
    } else {
        live_sub_wake(s);
    }
}

static struct live_sub *find(struct live *l, const struct id *camera)
{
    list_for_each (it, &l->subs) {
        struct live_sub *s = CONTAINER_OF(it, struct live_sub, local);
        if (id_equal(&s->channel->camera, camera)) {
            return s;
        }
    }
    return NULL;
}

struct live_sub *live_sub_open(struct live *l, const struct id *camera)
{
    struct live_sub *s = find(l, camera);
    if (s == NULL) {
        s = mem_new(struct live_sub);
        s->live = l;
        s->hub = l->p.hub;
        s->loop = l->p.loop;
        list_init(&s->waiters);
        list_append(&l->subs, &s->local);
        hub_lock(l->p.hub);
        s->channel = channel_get(l->p.hub, camera);
        list_append(&s->channel->subs, &s->node);
        hub_unlock(l->p.hub);
    }
    s->users++;
    return s;
}

/* Nobody watches: only descriptions are kept. */
static void cool(struct live_hub *h, struct channel *c)
{
    for (uint64_t n = c->first; n < c->next; n++) {
        part_cool(h, channel_part(c, n));
    }
}

void live_sub_close(struct live_sub *s)
{
    struct live_hub *h = s->hub;
    if (--s->users > 0) {
        return;
    }
    ALWAYS(list_empty(&s->waiters));
    list_remove(&s->local);
    hub_lock(h);
    list_remove(&s->node);
    if (list_empty(&s->channel->subs)) {
        cool(h, s->channel);
    }
    s->gone = true;
    bool posted = s->posted;
    hub_unlock(h);
    if (!posted) {
        free(s);
    }
}
