/* SPDX-License-Identifier: Apache-2.0 */
/* Channels and feeds. Numbers of parts and segments begin with the clock (milliseconds and seconds
 * since 1970) when a channel is made, and grow more slowly than it: a player that goes on after a
 * restart, or after the channel was forgotten, never meets a number again. */
#include "live/hub_state.h"

#include "base/clock.h"
#include "metrics/metrics.h"

#include <string.h>

enum {
    TARGET_S = 4,
    JUMP_90K = CLOCK_90K / 4, /* parts that fit worse are on another time line */
    FORGET_MS = LIVE_RING_S * 1000
};

void hub_lock(struct live_hub *h)
{
    ALWAYS(pthread_mutex_lock(&h->mutex) == 0);
}

void hub_unlock(struct live_hub *h)
{
    ALWAYS(pthread_mutex_unlock(&h->mutex) == 0);
}

/* ---- channels ---- */

static struct list *bucket_of(struct live_hub *h, const struct id *camera)
{
    /* The last bytes of an id are random. */
    return &h->synced.buckets[camera->b[15] % HUB_BUCKETS];
}

struct channel *channel_find(struct live_hub *h, const struct id *camera)
{
    list_for_each (it, bucket_of(h, camera)) {
        struct channel *c = CONTAINER_OF(it, struct channel, node);
        if (id_equal(&c->camera, camera)) {
            return c;
        }
    }
    return NULL;
}

struct channel *channel_get(struct live_hub *h, const struct id *camera)
{
    struct channel *c = channel_find(h, camera);
    if (c != NULL) {
        return c;
    }
    int64_t now_us = clock_now_us();
    c = mem_new(struct channel);
    c->camera = *camera;
    list_init(&c->feeds);
    list_init(&c->subs);
    list_init(&c->viewers);
    c->first = c->next = (uint64_t)(now_us / 1000);
    c->msn = (uint64_t)(now_us / CLOCK_US);
    c->target_s = TARGET_S;
    c->quiet_ms = clock_mono_ms();
    list_append(bucket_of(h, camera), &c->node);
    return c;
}

struct live_part *channel_part(const struct channel *c, uint64_t number)
{
    return number >= c->first && number < c->next ? c->ring[number % LIVE_RING_PARTS] : NULL;
}

static void drop_oldest(struct live_hub *h, struct channel *c)
{
    struct live_part *p = channel_part(c, c->first);
    c->ring[c->first % LIVE_RING_PARTS] = NULL;
    c->discontinuities += p->discontinuity;
    c->first++;
    live_part_unref(h, p);
}

static void channel_free(struct live_hub *h, struct channel *c)
{
    while (c->first < c->next) {
        drop_oldest(h, c);
    }
    list_remove(&c->node);
    free(c);
}

bool channel_is_live(const struct channel *c, int64_t now_us)
{
    return c->feed != NULL && now_us - c->arrived_us < (int64_t)LIVE_SILENT_S * CLOCK_US;
}

/* ---- parts ---- */

static bool same_line(const struct channel *c, const struct live_part *before,
                      const struct live_part *p)
{
    int64_t jump = p->fragment->decode_90k - c->end_90k;
    return before->init == p->init && id_equal(&before->recording, &p->recording) &&
           jump < JUMP_90K && jump > -JUMP_90K;
}

static bool begins_segment(const struct channel *c, const struct live_part *before,
                           const struct live_part *p)
{
    return before == NULL || before->last || p->discontinuity ||
           (p->fragment->key && c->segment_90k >= (uint64_t)LIVE_SEGMENT_MIN_S * CLOCK_90K) ||
           c->segment_90k + p->fragment->duration_90k > (uint64_t)LIVE_SEGMENT_MAX_S * CLOCK_90K;
}

static void grow_target(struct channel *c)
{
    uint32_t segment_s = (uint32_t)((c->segment_90k + CLOCK_90K / 2) / CLOCK_90K);
    c->target_s = segment_s > c->target_s ? segment_s : c->target_s;
}

static void place_part(struct channel *c, struct live_part *p)
{
    struct live_part *before = channel_part(c, c->next - 1);
    p->number = c->next;
    p->discontinuity = before != NULL && !same_line(c, before, p);
    p->begins = begins_segment(c, before, p);
    if (p->begins) {
        if (before != NULL) {
            before->last = true;
        }
        c->msn++;
        c->segment_90k = 0;
    }
    p->msn = c->msn;
    c->segment_90k += p->fragment->duration_90k;
    c->end_90k = p->fragment->decode_90k + p->fragment->duration_90k;
    grow_target(c);
}

static void add_part(struct live_hub *h, struct channel *c, struct live_part *p)
{
    if (c->next - c->first == LIVE_RING_PARTS) {
        drop_oldest(h, c);
    }
    place_part(c, p);
    c->ring[c->next % LIVE_RING_PARTS] = p;
    c->next++;
    c->arrived_us = p->fragment->arrived_us;
    c->ended = false;
    channel_wake(c);
}

/* ---- the publisher's side ---- */

static void *feed_begin(void *arg, const struct live_feed_facts *facts)
{
    struct live_hub *h = arg;
    struct live_feed *f = mem_new(struct live_feed);
    f->hub = h;
    f->facts = *facts;
    hub_lock(h);
    f->order = ++h->synced.feeds;
    f->channel = channel_get(h, &facts->camera);
    list_append(&f->channel->feeds, &f->node);
    hub_unlock(h);
    metric_add(METRIC_LIVE_FEEDS, 1);
    return f;
}

/* Equal bytes are one init: then a player need not be told. */
static void feed_init(void *feed, const uint8_t *init, size_t n, const struct index_track *tracks,
                      size_t n_tracks)
{
    struct live_feed *f = feed;
    hub_lock(f->hub);
    const struct live_part *newest = channel_part(f->channel, f->channel->next - 1);
    live_init_unref(f->init);
    f->new_init =
        newest == NULL || newest->init->n != n || memcmp(newest->init->bytes, init, n) != 0;
    f->init = f->new_init ? live_init_make(init, n, tracks, n_tracks) : live_init_ref(newest->init);
    hub_unlock(f->hub);
}

/* The feed that began last is shown, unless it is silent. */
static bool is_shown(struct channel *c, struct live_feed *f)
{
    int64_t silent_us = clock_now_us() - c->arrived_us;
    if (c->feed != f && (c->feed == NULL || f->order > c->feed->order ||
                         silent_us > (int64_t)LIVE_SILENT_S * CLOCK_US)) {
        c->feed = f;
        c->since_us = f->facts.arrived_us;
    }
    return c->feed == f;
}

/* What lies behind what was shown already was overtaken by what came later. */
static bool is_stale(const struct channel *c, const struct live_feed *f,
                     const struct live_fragment *fragment)
{
    const struct live_part *newest = channel_part(c, c->next - 1);
    return newest != NULL && id_equal(&newest->recording, &f->facts.recording) &&
           newest->init == f->init && fragment->decode_90k < newest->fragment->decode_90k;
}

static void feed_fragment(void *feed, struct live_fragment *fragment)
{
    struct live_feed *f = feed;
    struct channel *c = f->channel;
    ALWAYS(f->init != NULL);
    hub_lock(f->hub);
    if (is_shown(c, f) && !is_stale(c, f, fragment)) {
        struct live_part *p = mem_new(struct live_part);
        p->refs = 1;
        p->fragment = live_fragment_ref(fragment);
        p->init = live_init_ref(f->init);
        p->recording = f->facts.recording;
        list_init(&p->warm);
        if (f->new_init) {
            f->new_init = false;
            f->init->number = c->next;
        }
        add_part(f->hub, c, p);
    }
    hub_unlock(f->hub);
}

static void feed_end(void *feed)
{
    struct live_feed *f = feed;
    struct channel *c = f->channel;
    hub_lock(f->hub);
    list_remove(&f->node);
    if (c->feed == f) {
        struct live_part *newest = channel_part(c, c->next - 1);
        c->feed = NULL;
        c->quiet_ms = clock_mono_ms();
        if (newest != NULL) {
            newest->last = true;
        }
        channel_wake(c);
    }
    live_init_unref(f->init);
    hub_unlock(f->hub);
    free(f);
    metric_add(METRIC_LIVE_FEEDS, -1);
}

const struct live_tap_ops live_hub_tap = {
    .begin = feed_begin, .init = feed_init, .fragment = feed_fragment, .end = feed_end};

/* ---- time passes ---- */

/* False: nothing of the channel is needed any more. */
static bool tidy_channel(struct live_hub *h, struct channel *c, uint64_t now_ms, int64_t now_us)
{
    int64_t oldest_us = now_us - (int64_t)LIVE_RING_S * CLOCK_US;
    while (c->first < c->next && channel_part(c, c->first)->fragment->arrived_us < oldest_us) {
        drop_oldest(h, c);
    }
    channel_tidy_viewers(c, now_ms);
    bool quiet = c->feed == NULL && now_ms >= c->quiet_ms + (uint64_t)LIVE_WAIT_S * 1000;
    if (quiet && !c->ended) {
        c->ended = true;
        channel_wake(c);
    }
    return !list_empty(&c->feeds) || !list_empty(&c->subs) || !list_empty(&c->viewers) ||
           now_ms < c->quiet_ms + FORGET_MS;
}

void hub_tidy(struct live_hub *h, uint64_t now_ms, int64_t now_us)
{
    for (size_t b = 0; b < HUB_BUCKETS; b++) {
        list_for_each_safe (it, &h->synced.buckets[b]) {
            struct channel *c = CONTAINER_OF(it, struct channel, node);
            if (!tidy_channel(h, c, now_ms, now_us)) {
                channel_free(h, c);
            }
        }
    }
}

/* ---- the hub itself ---- */

struct live_hub *live_hub_create(void)
{
    struct live_hub *h = mem_new(struct live_hub);
    ALWAYS(pthread_mutex_init(&h->mutex, NULL) == 0);
    for (size_t b = 0; b < HUB_BUCKETS; b++) {
        list_init(&h->synced.buckets[b]);
    }
    list_init(&h->synced.warm);
    list_init(&h->synced.lives);
    return h;
}

struct live_hub *live_hub_destroy(struct live_hub *h)
{
    if (h == NULL) {
        return NULL;
    }
    for (size_t b = 0; b < HUB_BUCKETS; b++) {
        list_for_each_safe (it, &h->synced.buckets[b]) {
            channel_free(h, CONTAINER_OF(it, struct channel, node));
        }
    }
    pthread_mutex_destroy(&h->mutex);
    free(h);
    return NULL;
}

/* ---- questions ---- */

void live_hub_status(struct live_hub *h, const struct id *camera, struct live_status *ret_status)
{
    struct live_status s = {0};
    hub_lock(h);
    const struct channel *c = channel_find(h, camera);
    if (c != NULL) {
        const struct live_part *newest = channel_part(c, c->next - 1);
        s.viewers = c->n_viewers;
        s.open = !list_empty(&c->feeds);
        s.live = channel_is_live(c, clock_now_us());
        s.since_us = s.live ? c->since_us : 0;
        if (newest != NULL) {
            s.known = true;
            s.arrived_us = c->arrived_us;
            s.newest_us = newest->fragment->start_us +
                          (int64_t)newest->fragment->duration_90k * CLOCK_US / CLOCK_90K;
            live_init_codecs(newest->init, s.codecs, sizeof s.codecs);
            s.width = newest->init->track[0].width;
            s.height = newest->init->track[0].height;
        }
    }
    hub_unlock(h);
    *ret_status = s;
}

size_t live_hub_cameras(struct live_hub *h, struct id *out, size_t max)
{
    size_t n = 0;
    hub_lock(h);
    for (size_t b = 0; b < HUB_BUCKETS; b++) {
        list_for_each (it, &h->synced.buckets[b]) {
            const struct channel *c = CONTAINER_OF(it, struct channel, node);
            if (n < max && (!list_empty(&c->feeds) || !list_empty(&c->viewers))) {
                out[n++] = c->camera;
            }
        }
    }
    hub_unlock(h);
    return n;
}
