/* SPDX-License-Identifier: Apache-2.0 */
/* A unit is what is handed out in one go: a few bytes of ours (init, event, prft), then a part with
 * its decode times moved to this viewer's time line. While it is handed out its bytes are held;
 * between units nothing is. */
#include "live/stream.h"

#include "base/clock.h"
#include "live/live_state.h"
#include "metrics/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_MAX = 128 << 10, FIRST_90K = CLOCK_90K };

struct stream {
    struct source source;
    struct live_view *view;
    struct live_waiter waiter;
    bool wanted; /* the puller waits for ready() */
    bool started, ending;
    uint64_t next;          /* number of the part that comes next */
    struct live_init *init; /* held: the last one sent */
    struct buf head;
    size_t head_at;
    struct live_part *part; /* held and warm: being handed out */
    size_t part_at;
    struct fragment_times times; /* as they go out */
    int64_t shift_90k;           /* from the part's time line to the viewer's */
    int64_t end_90k;             /* of what was sent, on the viewer's */
    uint32_t event_id;
};

static struct live_hub *hub_of(const struct stream *s)
{
    return s->view->live->p.hub;
}

/* ---- which part comes next; with the lock held ---- */

/* The newest part from `from` on that begins with a key picture; NULL. */
static struct live_part *newest_key(const struct channel *c, uint64_t from)
{
    for (uint64_t n = c->next; n > from && n > c->first; n--) {
        struct live_part *p = channel_part(c, n - 1);
        if (p->fragment->key && p->state != PART_LOST) {
            return p;
        }
    }
    return NULL;
}

static bool is_behind(const struct stream *s, const struct channel *c)
{
    const struct live_part *p = channel_part(c, s->next);
    return s->next < c->first ||
           (p != NULL && (p->state == PART_LOST || c->arrived_us - p->fragment->arrived_us >
                                                       (int64_t)LIVE_BEHIND_S * CLOCK_US));
}

/* The next part in order, or where a viewer goes on that begins or is too slow; NULL: not there
 * yet. */
static struct live_part *next_part(const struct stream *s, const struct channel *c)
{
    if (!s->started) {
        return newest_key(c, 0);
    }
    if (is_behind(s, c)) {
        struct live_part *key = newest_key(c, s->next + 1);
        if (key != NULL) {
            return key;
        }
    }
    struct live_part *p = channel_part(c, s->next);
    return p != NULL && p->state == PART_LOST ? NULL : p;
}

/* ---- a unit ---- */

static uint64_t moved(const struct stream *s, const struct live_init *init,
                      const struct fragment_time *t)
{
    uint32_t scale = t->track <= init->n_tracks ? init->track[t->track - 1].timescale : 0;
    int64_t at = (int64_t)t->time + s->shift_90k * scale / CLOCK_90K;
    return at > 0 ? (uint64_t)at : 0;
}

/* The server's clock when the part's first picture was taken, as far as one can tell: a camera's
 * clock that is not plausible is not believed. */
static int64_t taken_us(const struct live_fragment *f)
{
    int64_t late_us = f->arrived_us - f->start_us;
    if (late_us >= 0 && late_us < (int64_t)LIVE_SILENT_S * CLOCK_US) {
        return f->start_us;
    }
    return f->arrived_us - (int64_t)f->duration_90k * CLOCK_US / CLOCK_90K;
}

static void add_event(struct stream *s, const char *value, const char *message)
{
    fragment_event(&s->head, value, CLOCK_90K, (uint64_t)s->end_90k, ++s->event_id, message);
}

static void tell_skip(struct stream *s, uint64_t parts)
{
    char text[64];
    snprintf(text, sizeof text, "{\"parts\":%" PRIu64 "}", parts);
    add_event(s, "skipped", text);
    metric_add(METRIC_LIVE_SKIPS, 1);
    hub_lock(hub_of(s));
    s->view->viewer->skipped++;
    hub_unlock(hub_of(s));
}

/* The part is held and warm. */
static void begin_unit(struct stream *s, struct live_part *p)
{
    const struct live_fragment *f = p->fragment;
    bool follows = s->started && p->number == s->next && !p->discontinuity;
    if (s->started && p->number != s->next) {
        tell_skip(s, p->number - s->next);
    }
    if (!follows) {
        s->shift_90k = (s->started ? s->end_90k : FIRST_90K) - f->decode_90k;
    }
    if (s->init != p->init) {
        buf_append(&s->head, p->init->bytes, p->init->n);
        hub_lock(hub_of(s));
        live_init_unref(s->init);
        s->init = live_init_ref(p->init);
        hub_unlock(hub_of(s));
    }
    s->times = p->times;
    for (unsigned t = 0; t < s->times.n; t++) {
        s->times.track[t].time = moved(s, p->init, &p->times.track[t]);
    }
    fragment_prft(&s->head, s->times.track[0].track, taken_us(f), s->times.track[0].time);
    s->end_90k = f->decode_90k + s->shift_90k + f->duration_90k;
    s->part = p;
    s->part_at = 0;
    s->next = p->number + 1;
    s->started = true;
}

static void begin_end(struct stream *s, enum live_end why)
{
    static const char *const reasons[] = {[LIVE_ENDED] = "camera_stopped",
                                          [LIVE_CUT] = "cut_off",
                                          [LIVE_OFF] = "camera_off",
                                          [LIVE_REVOKED] = "revoked",
                                          [LIVE_FAILED] = "failed"};
    char text[64];
    snprintf(text, sizeof text, "{\"reason\":\"%s\"}", reasons[why]);
    add_event(s, "ended", text);
    s->ending = true;
}

enum next { NEXT_UNIT, NEXT_WAIT };

static enum next next_unit(struct stream *s)
{
    struct live_hub *h = hub_of(s);
    hub_lock(h);
    const struct channel *c = s->view->sub->channel;
    enum live_end end = s->view->viewer->end;
    struct live_part *p = end == LIVE_GOES_ON ? next_part(s, c) : NULL;
    if (p == NULL && end == LIVE_GOES_ON && c->ended) {
        end = LIVE_ENDED;
    }
    if (p != NULL && live_part_load(h, s->view->sub, p) && p->state == PART_WARM) {
        live_part_ref(p);
    } else {
        p = NULL;
    }
    hub_unlock(h);
    if (p != NULL) {
        begin_unit(s, p);
    } else if (end != LIVE_GOES_ON) {
        begin_end(s, end);
    } else {
        return NEXT_WAIT;
    }
    return NEXT_UNIT;
}

/* ---- handing out ---- */

static size_t take_head(struct stream *s, uint8_t *p, size_t max)
{
    size_t n = s->head.len - s->head_at;
    n = n < max ? n : max;
    memcpy(p, s->head.data + s->head_at, n);
    s->head_at += n;
    if (s->head_at == s->head.len) {
        buf_clear(&s->head);
        s->head_at = 0;
    }
    return n;
}

/* Our decode times over the part's, where they lie in [at, at + n). */
static void patch(const struct stream *s, size_t at, uint8_t *p, size_t n)
{
    for (unsigned t = 0; t < s->times.n; t++) {
        for (unsigned i = 0; i < 8; i++) {
            size_t where = s->times.track[t].at + i;
            if (where >= at && where < at + n) {
                p[where - at] = (uint8_t)(s->times.track[t].time >> (56 - 8 * i));
            }
        }
    }
}

static void drop_part(struct stream *s)
{
    hub_lock(hub_of(s));
    s->part = live_part_unref(hub_of(s), s->part);
    hub_unlock(hub_of(s));
}

static size_t take_part(struct stream *s, uint8_t *p, size_t max)
{
    size_t left = s->part->fragment->bytes - s->part_at, n = left < max ? left : max;
    memcpy(p, s->part->data + s->part_at, n);
    patch(s, s->part_at, p, n);
    s->part_at += n;
    if (n == left) {
        drop_part(s);
    }
    return n;
}

static bool was_put_out(const struct stream *s)
{
    hub_lock(hub_of(s));
    enum live_end end = s->view->viewer->end;
    hub_unlock(hub_of(s));
    return end == LIVE_CUT || end == LIVE_OFF || end == LIVE_REVOKED;
}

static ssize_t stream_pull(struct source *source, uint8_t *p, size_t max)
{
    struct stream *s = CONTAINER_OF(source, struct stream, source);
    if (s->head.len == 0 && s->part == NULL) {
        if (s->ending) {
            return SOURCE_END;
        }
        if (next_unit(s) == NEXT_WAIT) {
            s->wanted = true;
            return SOURCE_WAIT;
        }
    }
    if (s->head.len > 0) {
        return (ssize_t)take_head(s, p, max);
    }
    if (was_put_out(s)) {
        return -ECANCELED; /* in the middle of a part there is no polite end */
    }
    return (ssize_t)take_part(s, p, max);
}

/* Is there something to do for the puller? Asks for the bytes of the next part. */
static bool can_go(struct stream *s)
{
    struct live_hub *h = hub_of(s);
    hub_lock(h);
    const struct channel *c = s->view->sub->channel;
    struct live_part *p = next_part(s, c);
    bool go = s->view->viewer->end != LIVE_GOES_ON || (p == NULL && c->ended) ||
              (p != NULL && live_part_load(h, s->view->sub, p));
    hub_unlock(h);
    return go;
}

static void stream_woken(struct live_waiter *w)
{
    struct stream *s = CONTAINER_OF(w, struct stream, waiter);
    if (s->wanted && can_go(s)) {
        s->wanted = false;
        s->source.ready(s->source.ready_arg);
    }
}

static void stream_close(struct source *source)
{
    struct stream *s = CONTAINER_OF(source, struct stream, source);
    list_remove(&s->waiter.node);
    hub_lock(hub_of(s));
    live_part_unref(hub_of(s), s->part);
    live_init_unref(s->init);
    hub_unlock(hub_of(s));
    buf_finish(&s->head);
    live_leave(s->view);
    free(s);
}

struct source *live_stream_create(struct live_view *v, int64_t from_us)
{
    static const struct source_ops ops = {.pull = stream_pull, .close = stream_close};
    struct stream *s = mem_new(struct stream);
    (void)from_us;
    s->source = (struct source){.ops = &ops, .size_bytes = SOURCE_UNKNOWN_SIZE};
    s->view = v;
    s->head = BUF_INIT(HEAD_MAX);
    s->end_90k = FIRST_90K;
    s->waiter.woken = stream_woken;
    list_append(&v->sub->waiters, &s->waiter.node);
    return &s->source;
}
