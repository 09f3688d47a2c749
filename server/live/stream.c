/* SPDX-License-Identifier: Apache-2.0 */
/* A unit is what is handed out in one go: a few bytes of ours (init, event, prft), then a part with
 * its decode times moved to this viewer's time line. While it is handed out its bytes are held;
 * between units nothing is.
 *
 * A view that begins in the past takes stored fragments until there are no more, then goes on in
 * the ring with the part that follows. The ring reaches further back than what is not stored yet,
 * so there is one; when it seems to begin too late, a segment was stored in this moment and is
 * looked for again. Such a view is never moved forward: what the ring has lost it reads from the
 * store. */
#include "live/stream.h"

#include "base/clock.h"
#include "live/past.h"
#include "metrics/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_MAX = 128 << 10,
    FIRST_90K = CLOCK_90K,
    JOIN_TRIES = 8,
    OVERLAP_US = 250000,
    PLACE_FIT_90K = CLOCK_90K / 4
};

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
    struct live_part *part; /* held and warm: being handed out; or own */
    uint8_t *own;           /* owned: a stored fragment being handed out */
    const uint8_t *bytes;   /* of either */
    size_t n_bytes, bytes_at;
    struct fragment_times times; /* as they go out */
    bool patient;                /* began in the past */
    struct past *past;           /* while stored footage is sent */
    struct past_place place;     /* how far it has come */
    unsigned join_tries;
    int64_t shift_90k; /* from the part's time line to the viewer's */
    int64_t end_90k;   /* of what was sent, on the viewer's */
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
    if (p != NULL && p->state == PART_LOST) {
        return true;
    }
    return !s->patient &&
           (s->next < c->first || (p != NULL && c->arrived_us - p->fragment->arrived_us >
                                                    (int64_t)LIVE_BEHIND_S * CLOCK_US));
}

/* The next part in order, or where a viewer goes on that begins or is too slow; NULL: not there
 * yet. */
static struct live_part *next_part(const struct stream *s, const struct channel *c)
{
    if (!s->started && !s->patient) {
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

/* ---- from the past into the ring; with the lock held ---- */

/* For a view that has sent nothing yet: the key picture before the time it asked for. */
static struct live_part *part_at(const struct channel *c, int64_t at_us)
{
    struct live_part *found = NULL;
    for (uint64_t n = c->first; n < c->next; n++) {
        struct live_part *p = channel_part(c, n);
        if (p->fragment->key && (found == NULL || p->fragment->start_us <= at_us)) {
            found = p;
        }
    }
    return found;
}

static bool same_recording(const struct stream *s, const struct live_part *p)
{
    return id_equal(&p->recording, &s->place.recording);
}

static struct live_part *part_behind(const struct stream *s, const struct channel *c)
{
    for (uint64_t n = c->first; n < c->next; n++) {
        struct live_part *p = channel_part(c, n);
        const struct live_fragment *f = p->fragment;
        if (same_recording(s, p) ? f->decode_90k >= s->place.end_90k - PAST_FIT_90K
                                 : f->start_us >= s->place.end_us - OVERLAP_US) {
            return p;
        }
    }
    return NULL;
}

/* Something before p has left the ring already, and was not sent. */
static bool leaves_a_hole(const struct stream *s, const struct channel *c,
                          const struct live_part *p)
{
    bool fits = same_recording(s, p) && p->fragment->decode_90k <= s->place.end_90k + PAST_FIT_90K;
    return p->number == c->first && p->fragment->sequence > 0 && !fits;
}

/* The part that the view goes on with; NULL: none, or look at what is stored again. */
static struct live_part *join(struct stream *s, const struct channel *c)
{
    bool begins = id_is_zero(&s->place.recording);
    struct live_part *p = begins ? part_at(c, s->place.end_us) : part_behind(s, c);
    if (p == NULL || (leaves_a_hole(s, c, p) && s->join_tries++ < JOIN_TRIES)) {
        return NULL;
    }
    s->join_tries = 0;
    return p;
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

static void take_init(struct stream *s, struct live_init *init)
{
    if (s->init == NULL || s->init->n != init->n ||
        memcmp(s->init->bytes, init->bytes, init->n) != 0) {
        buf_append(&s->head, init->bytes, init->n);
    }
    hub_lock(hub_of(s));
    live_init_unref(s->init);
    s->init = live_init_ref(init);
    hub_unlock(hub_of(s));
}

struct unit {
    struct live_init *init;
    const struct fragment_times *times;
    const uint8_t *bytes;
    size_t n;
    struct id recording;
    int64_t decode_90k, start_us, taken_us;
    uint32_t duration_90k;
};

/* Whatever fits to what was sent last goes on where that ended, to the tick; all else too, but on
 * a line of its own. */
static void begin_unit(struct stream *s, const struct unit *u, bool follows)
{
    if (!s->started || !follows) {
        s->shift_90k = (s->started ? s->end_90k : FIRST_90K) - u->decode_90k;
    }
    take_init(s, u->init);
    s->times = *u->times;
    for (unsigned t = 0; t < s->times.n; t++) {
        s->times.track[t].time = moved(s, u->init, &u->times->track[t]);
    }
    fragment_prft(&s->head, s->times.track[0].track, u->taken_us, s->times.track[0].time);
    s->end_90k = u->decode_90k + s->shift_90k + u->duration_90k;
    s->bytes = u->bytes;
    s->n_bytes = u->n;
    s->bytes_at = 0;
    s->started = true;
    s->place = (struct past_place){.recording = u->recording,
                                   .end_90k = u->decode_90k + u->duration_90k,
                                   .end_us = u->start_us +
                                             (int64_t)u->duration_90k * CLOCK_US / CLOCK_90K};
}

static bool fits_place(const struct stream *s, const struct id *recording, int64_t decode_90k)
{
    int64_t off = decode_90k - s->place.end_90k;
    return id_equal(recording, &s->place.recording) && off > -PLACE_FIT_90K && off < PLACE_FIT_90K;
}

/* The part is held and warm. */
static void begin_part(struct stream *s, struct live_part *p)
{
    const struct live_fragment *f = p->fragment;
    if (s->started && !s->patient && p->number != s->next) {
        tell_skip(s, p->number - s->next);
    }
    const struct unit u = {.init = p->init,
                           .times = &p->times,
                           .bytes = p->data,
                           .n = f->bytes,
                           .recording = p->recording,
                           .decode_90k = f->decode_90k,
                           .start_us = f->start_us,
                           .taken_us = taken_us(f),
                           .duration_90k = f->duration_90k};
    s->part = p;
    s->next = p->number + 1;
    begin_unit(s, &u, fits_place(s, &p->recording, f->decode_90k));
}

static void begin_stored(struct stream *s, const struct past_unit *p)
{
    const struct unit u = {.init = p->init,
                           .times = &p->times,
                           .bytes = p->bytes,
                           .n = p->n,
                           .recording = p->recording,
                           .decode_90k = p->decode_90k,
                           .start_us = p->start_us,
                           .taken_us = p->start_us,
                           .duration_90k = p->duration_90k};
    s->own = p->bytes;
    begin_unit(s, &u, fits_place(s, &p->recording, p->decode_90k));
    hub_lock(hub_of(s));
    live_init_unref(p->init);
    hub_unlock(hub_of(s));
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

static enum live_end end_of_view(struct stream *s)
{
    hub_lock(hub_of(s));
    enum live_end end = s->view->viewer->end;
    hub_unlock(hub_of(s));
    return end;
}

static enum next next_of_ring(struct stream *s)
{
    struct live_hub *h = hub_of(s);
    hub_lock(h);
    const struct channel *c = s->view->sub->channel;
    struct live_part *p = next_part(s, c);
    bool over = p == NULL && c->ended;
    if (p != NULL && live_part_load(h, s->view->sub, p) && p->state == PART_WARM) {
        live_part_ref(p);
    } else {
        p = NULL;
    }
    hub_unlock(h);
    if (p != NULL) {
        begin_part(s, p);
    } else if (over) {
        begin_end(s, LIVE_ENDED);
    } else {
        return NEXT_WAIT;
    }
    return NEXT_UNIT;
}

static void past_ready(void *arg)
{
    struct stream *s = arg;
    if (s->wanted) {
        s->wanted = false;
        s->source.ready(s->source.ready_arg);
    }
}

/* Nothing more is stored: into the ring, or wait for either to go on. */
static enum next leave_past(struct stream *s)
{
    hub_lock(hub_of(s));
    const struct channel *c = s->view->sub->channel;
    struct live_part *p = join(s, c);
    bool over = p == NULL && c->ended;
    if (p != NULL) {
        s->next = p->number;
    }
    hub_unlock(hub_of(s));
    if (over) {
        begin_end(s, LIVE_ENDED);
        return NEXT_UNIT;
    }
    if (p == NULL) {
        return NEXT_WAIT;
    }
    s->past = past_close(s->past);
    return next_of_ring(s);
}

static enum next next_of_past(struct stream *s)
{
    struct past_unit u;
    switch (past_next(s->past, &u)) {
    case PAST_UNIT:
        begin_stored(s, &u);
        return NEXT_UNIT;
    case PAST_NO_MORE:
        return leave_past(s);
    case PAST_FAILED:
        begin_end(s, LIVE_FAILED);
        return NEXT_UNIT;
    case PAST_WAIT:
        break;
    }
    return NEXT_WAIT;
}

/* Has the ring lost what comes next? */
static bool fell_out(struct stream *s)
{
    hub_lock(hub_of(s));
    bool out = s->next < s->view->sub->channel->first;
    hub_unlock(hub_of(s));
    return out;
}

static void begin_past(struct stream *s)
{
    s->past = past_create(s->view->live, &s->view->sub->channel->camera, &s->place, past_ready, s);
}

static enum next next_unit(struct stream *s)
{
    enum live_end end = end_of_view(s);
    if (end != LIVE_GOES_ON) {
        begin_end(s, end);
        return NEXT_UNIT;
    }
    if (s->patient && s->past == NULL && fell_out(s)) {
        begin_past(s);
    }
    return s->past != NULL ? next_of_past(s) : next_of_ring(s);
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

static void drop_bytes(struct stream *s)
{
    hub_lock(hub_of(s));
    s->part = live_part_unref(hub_of(s), s->part);
    hub_unlock(hub_of(s));
    free(s->own);
    s->own = NULL;
    s->bytes = NULL;
}

static size_t take_bytes(struct stream *s, uint8_t *p, size_t max)
{
    size_t left = s->n_bytes - s->bytes_at, n = left < max ? left : max;
    memcpy(p, s->bytes + s->bytes_at, n);
    patch(s, s->bytes_at, p, n);
    s->bytes_at += n;
    if (n == left) {
        drop_bytes(s);
    }
    return n;
}

static bool was_put_out(struct stream *s)
{
    enum live_end end = end_of_view(s);
    return end == LIVE_CUT || end == LIVE_OFF || end == LIVE_REVOKED;
}

static ssize_t stream_pull(struct source *source, uint8_t *p, size_t max)
{
    struct stream *s = CONTAINER_OF(source, struct stream, source);
    if (s->head.len == 0 && s->bytes == NULL) {
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
    return (ssize_t)take_bytes(s, p, max);
}

/* Is there something to do for the puller? Asks for the bytes of the next part. */
static bool can_go(struct stream *s)
{
    struct live_hub *h = hub_of(s);
    hub_lock(h);
    const struct channel *c = s->view->sub->channel;
    struct live_part *p = s->past == NULL ? next_part(s, c) : NULL;
    bool go = s->view->viewer->end != LIVE_GOES_ON || s->past != NULL || (p == NULL && c->ended) ||
              (p != NULL && live_part_load(h, s->view->sub, p)) ||
              (s->patient && s->next < c->first);
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
    past_close(s->past);
    drop_bytes(s);
    hub_lock(hub_of(s));
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
    s->source = (struct source){.ops = &ops, .size_bytes = SOURCE_UNKNOWN_SIZE};
    s->view = v;
    s->head = BUF_INIT(HEAD_MAX);
    s->end_90k = FIRST_90K;
    s->waiter.woken = stream_woken;
    list_append(&v->sub->waiters, &s->waiter.node);
    if (from_us != 0) {
        s->patient = true;
        s->place.end_us = from_us;
        begin_past(s);
    }
    return &s->source;
}
