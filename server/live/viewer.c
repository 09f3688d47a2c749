/* SPDX-License-Identifier: Apache-2.0 */
/* Who is watching a camera. A stream is one viewer from its first byte to its last; requests for
 * playlists and parts of one session from one address are one viewer until they cease. */
#include "live/hub_state.h"

#include "base/clock.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

enum { HLS_IDLE_MS = 15000, RECORDED_MS = 600 * 1000 };

static bool same_caller(const struct live_viewer_key *k, const struct id *account,
                        const struct id *session)
{
    return id_equal(&k->account, account) && id_equal(&k->session, session);
}

/* ---- the viewers of a channel ---- */

static struct live_viewer *find_hls(struct channel *c, const struct live_viewer_key *k)
{
    list_for_each (it, &c->viewers) {
        struct live_viewer *v = CONTAINER_OF(it, struct live_viewer, node);
        if (v->hls && same_caller(k, &v->account, &v->session) && strcmp(v->peer, k->peer) == 0) {
            return v;
        }
    }
    return NULL;
}

struct live_viewer *channel_viewer(struct channel *c, const struct live_viewer_key *k)
{
    struct live_viewer *v = k->hls ? find_hls(c, k) : NULL;
    if (v == NULL) {
        if (c->n_viewers == LIVE_VIEWERS_MAX) {
            return NULL;
        }
        v = mem_new(struct live_viewer);
        v->refs = 1; /* the list's */
        v->channel = c;
        v->id = id_new();
        v->account = k->account;
        v->session = k->session;
        v->hls = k->hls;
        v->since_us = clock_now_us();
        snprintf(v->peer, sizeof v->peer, "%s", k->peer);
        list_append(&c->viewers, &v->node);
        c->n_viewers++;
        metric_add(METRIC_LIVE_VIEWERS, 1);
    }
    v->refs++;
    v->used_ms = clock_mono_ms();
    return v;
}

struct live_viewer *live_viewer_unref(struct live_viewer *v)
{
    if (v != NULL && --v->refs == 0) {
        free(v);
    }
    return NULL;
}

void live_viewer_end(struct live_viewer *v, enum live_end why)
{
    if (v->end != LIVE_GOES_ON) {
        return;
    }
    v->end = why;
    list_remove(&v->node);
    v->channel->n_viewers--;
    channel_wake(v->channel);
    v->channel = NULL;
    metric_add(METRIC_LIVE_VIEWERS, -1);
    live_viewer_unref(v);
}

void channel_tidy_viewers(struct channel *c, uint64_t now_ms)
{
    list_for_each_safe (it, &c->viewers) {
        struct live_viewer *v = CONTAINER_OF(it, struct live_viewer, node);
        if (v->hls && v->refs == 1 && now_ms >= v->used_ms + HLS_IDLE_MS) {
            live_viewer_end(v, LIVE_ENDED);
        }
    }
}

/* ---- who was cut off, and who is on record: small rings, the newest takes the oldest's place ----
 */

static bool listed(const struct ban *bans, size_t n, const struct live_viewer_key *k)
{
    uint64_t now_ms = clock_mono_ms();
    for (size_t i = 0; i < n; i++) {
        if (bans[i].until_ms > now_ms && same_caller(k, &bans[i].account, &bans[i].session)) {
            return true;
        }
    }
    return false;
}

bool channel_banned(const struct channel *c, const struct live_viewer_key *k)
{
    return listed(c->bans, CHANNEL_BANS, k);
}

bool channel_recorded(const struct channel *c, const struct live_viewer_key *k)
{
    return listed(c->recorded, CHANNEL_RECORDED, k);
}

void channel_record(struct channel *c, const struct live_viewer_key *k)
{
    c->recorded[c->recorded_at++ % CHANNEL_RECORDED] = (struct ban){
        .account = k->account, .session = k->session, .until_ms = clock_mono_ms() + RECORDED_MS};
}

static void ban(struct channel *c, const struct live_viewer *v)
{
    c->bans[c->ban_at++ % CHANNEL_BANS] =
        (struct ban){.account = v->account,
                     .session = v->session,
                     .until_ms = clock_mono_ms() + (uint64_t)LIVE_CUT_S * 1000};
}

/* ---- for everybody ---- */

bool live_hub_cut(struct live_hub *h, const struct id *camera, const struct id *viewer)
{
    bool found = false;
    hub_lock(h);
    struct channel *c = channel_find(h, camera);
    struct list none, *viewers = c != NULL ? &c->viewers : &none;
    list_init(&none);
    list_for_each_safe (it, viewers) {
        struct live_viewer *v = CONTAINER_OF(it, struct live_viewer, node);
        if (id_equal(&v->id, viewer)) {
            ban(c, v);
            live_viewer_end(v, LIVE_CUT);
            found = true;
        }
    }
    hub_unlock(h);
    return found;
}

void live_hub_end_all(struct live_hub *h, const struct id *camera, enum live_end why)
{
    hub_lock(h);
    struct channel *c = channel_find(h, camera);
    while (c != NULL && !list_empty(&c->viewers)) {
        live_viewer_end(CONTAINER_OF(c->viewers.next, struct live_viewer, node), why);
    }
    hub_unlock(h);
}

size_t live_hub_viewers(struct live_hub *h, const struct id *camera, struct live_viewer_facts *out,
                        size_t max)
{
    size_t n = 0;
    hub_lock(h);
    struct channel *c = channel_find(h, camera);
    struct list none, *viewers = c != NULL ? &c->viewers : &none;
    list_init(&none);
    list_for_each (it, viewers) {
        const struct live_viewer *v = CONTAINER_OF(it, struct live_viewer, node);
        if (n == max) {
            break;
        }
        out[n] = (struct live_viewer_facts){.id = v->id,
                                            .account = v->account,
                                            .hls = v->hls,
                                            .since_us = v->since_us,
                                            .skipped = v->skipped};
        memcpy(out[n++].peer, v->peer, sizeof v->peer);
    }
    hub_unlock(h);
    return n;
}
