/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/take.h"

#include "base/clock.h"

#include <string.h>

enum { LOOK_AHEAD = 256, SAME_CLOCK_90K = CLOCK_90K / 2, ROUNDING_90K = CLOCK_90K / 10 };

int64_t take_90k(int64_t us)
{
    int64_t x = us * 9;
    return (x >= 0 ? x + 50 : x - 50) / 100;
}

int64_t take_us(int64_t t_90k)
{
    return (int64_t)((__int128)t_90k * CLOCK_US / CLOCK_90K);
}

/* ---- which segments ---- */

static int64_t end_us(const struct take_row *r)
{
    return r->start_us + take_us(r->duration_90k);
}

struct chooser {
    const struct take_row *rows;
    uint32_t n, low; /* rows before low are used or over */
    bool *used;
    const struct take_row *now;
    int64_t end_us;
};

/* Does it show anything new? */
static bool helps(const struct chooser *c, uint32_t i)
{
    return !c->used[i] && (c->now == NULL || end_us(&c->rows[i]) > c->end_us + CLOCK_US / 20);
}

/* The row to show from end_us on: the present recording's, else the first that is there. */
static uint32_t next_row(const struct chooser *c)
{
    uint32_t first = c->n;
    for (uint32_t i = c->low; i < c->n && i < c->low + LOOK_AHEAD; i++) {
        if (!helps(c, i)) {
            continue;
        }
        if (c->now == NULL) {
            return i;
        }
        bool near = c->rows[i].start_us <= c->end_us + CLOCK_US / 2;
        if (near && id_equal(&c->rows[i].recording, &c->now->recording)) {
            return i;
        }
        first = first == c->n ? i : first;
        if (!near) {
            break;
        }
    }
    return first;
}

uint32_t take_choose(const struct take_row *rows, uint32_t n, struct take_use *ret_uses)
{
    struct chooser c = {.rows = rows, .n = n, .used = mem_alloc(n + 1, sizeof *c.used)};
    uint32_t n_uses = 0;
    memset(c.used, 0, n * sizeof *c.used);
    while (c.low < n) {
        uint32_t i = next_row(&c);
        if (i < n) {
            const struct take_row *r = &rows[i];
            bool whole = c.now == NULL || r->start_us >= c.end_us - take_us(TAKE_SLACK_90K);
            ret_uses[n_uses++] =
                (struct take_use){.row = i, .from_us = whole ? r->start_us : c.end_us};
            c.used[i] = true;
            c.now = r;
            c.end_us = end_us(r);
        } else {
            c.low += LOOK_AHEAD < n - c.low ? LOOK_AHEAD : n - c.low;
        }
        while (c.low < n && !helps(&c, c.low)) {
            c.low++;
        }
    }
    free(c.used);
    return n_uses;
}

/* ---- which fragments ---- */

/* When the segment's media zero is shown. Within a recording by its own clock, so that rounding
 * does not show; unless its segments were dated apart. */
static int64_t base_of(const struct take_film *film, const struct take_state *st,
                       const struct take_row *row)
{
    int64_t base = take_90k(row->start_us - film->zero_us);
    if (st->any && id_equal(&st->recording, &row->recording)) {
        int64_t own = st->base_90k + (row->zero_90k - st->zero_90k);
        int64_t off = own - base;
        return off > -SAME_CLOCK_90K && off < SAME_CLOCK_90K ? own : base;
    }
    return base;
}

static int64_t scale_90k(int64_t v, uint32_t timescale)
{
    return (int64_t)((__int128)v * CLOCK_90K / timescale);
}

struct extent {
    int64_t from, to; /* of the pictures and sounds of a fragment, 90k from the segment's zero */
};

static struct extent extent_of(const struct index *ix, const struct index_fragment *f)
{
    struct extent e = {f->start_90k, f->start_90k + f->duration_90k};
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        const struct index_track *k = &ix->tracks[t];
        int64_t decode = f->runs[t].decode_time;
        for (uint32_t i = 0; i < f->runs[t].n_samples; i++) {
            const struct index_sample *s = &k->samples[f->runs[t].first_sample + i];
            int64_t from = scale_90k(decode + s->composition, k->timescale);
            decode += s->duration;
            int64_t to = scale_90k(decode + s->composition, k->timescale);
            e.from = from < e.from ? from : e.from;
            e.to = to > e.to ? to : e.to;
        }
    }
    return e;
}

/* A part of the film with nothing hidden in it: the one that time t lies in, or the next. */
struct window {
    int64_t low, high;
};

static struct window window_after(const struct take_film *film, int64_t t)
{
    struct window w = {INT64_MIN, INT64_MAX};
    for (uint32_t i = 0; i < film->n_hidden; i++) {
        const struct take_hidden *h = &film->hidden[i];
        if (h->from_90k > t) {
            w.high = h->from_90k;
            return w;
        }
        t = h->to_90k > t ? h->to_90k : t;
        w.low = h->to_90k > w.low ? h->to_90k : w.low;
    }
    return w;
}

struct taker {
    const struct take_film *film;
    const struct index *ix;
    struct take_segment *out;
    int64_t from_90k; /* another recording is shown before it */
    bool next_is_key;
    struct take *open;
    bool go_on; /* a decoder can go on with the next fragment though it has no key picture */
};

bool take_is_key(const struct index *ix, uint32_t f)
{
    bool pictures = false;
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        pictures |= ix->tracks[t].kind == INDEX_VIDEO;
    }
    return ix->fragments[f].key || !pictures;
}

/* Is it only needed to decode what comes, and does a later one do for that? */
static bool too_early(const struct taker *t, uint32_t f)
{
    const struct index *ix = t->ix;
    const struct index_fragment *g = &ix->fragments[f];
    if (t->film->from_90k == INT64_MIN) {
        return false;
    }
    int64_t wanted = t->film->from_90k - t->out->base_90k;
    if (g->start_90k + (int64_t)g->duration_90k > wanted) {
        return false;
    }
    for (uint32_t k = f + 1; k < ix->n_fragments && ix->fragments[k].start_90k <= wanted; k++) {
        if (take_is_key(ix, k)) {
            return true;
        }
    }
    const struct index_fragment *last = &ix->fragments[ix->n_fragments - 1];
    return t->next_is_key && last->start_90k + (int64_t)last->duration_90k <= wanted;
}

static void append(struct taker *t, uint32_t f, const struct window *w, bool cut)
{
    if (t->open == NULL) {
        if (t->out->n == TAKES_MAX) {
            return;
        }
        t->open = &t->out->takes[t->out->n++];
        *t->open = (struct take){.first = f, .low_90k = w->low, .joined = t->go_on};
    }
    t->open->n++;
    t->open->high_90k = w->high;
    t->open->cut = cut;
}

/* Takes fragment f, or leaves it. */
static void consider(struct taker *t, uint32_t f)
{
    const struct index_fragment *g = &t->ix->fragments[f];
    int64_t base = t->out->base_90k;
    struct extent e = {g->start_90k, g->start_90k + (int64_t)g->duration_90k};
    if (t->film->n_hidden > 0) {
        e = extent_of(t->ix, g);
    }
    struct window w = window_after(t->film, base + g->start_90k);
    bool wanted =
        base + e.from < t->film->to_90k && base + g->start_90k >= t->from_90k && !too_early(t, f);
    bool shown = base + g->start_90k >= w.low && base + g->start_90k < w.high;
    bool playable = t->go_on || t->open != NULL || take_is_key(t->ix, f);
    bool cut = base + e.to > w.high;
    if (!wanted || !shown || !playable) {
        t->open = NULL;
        t->go_on = false;
        return;
    }
    append(t, f, &w, cut);
    if (cut) {
        t->open = NULL;
        t->go_on = false;
    }
}

void take_fragments(const struct take_film *film, struct take_state *st,
                    const struct take_source *source, struct take_segment *ret)
{
    const struct take_row *row = source->row;
    const struct index *ix = source->index;
    bool same = st->any && id_equal(&st->recording, &row->recording);
    *ret = (struct take_segment){.base_90k = base_of(film, st, row), .new_recording = !same};
    struct taker t = {.film = film,
                      .ix = ix,
                      .out = ret,
                      .next_is_key = source->next_is_key,
                      .from_90k = INT64_MIN};
    if (source->from_us > row->start_us) {
        t.from_90k = take_90k(source->from_us - film->zero_us) - ROUNDING_90K;
    }
    int64_t hole = ret->base_90k + ix->fragments[0].start_90k - st->end_90k;
    t.go_on = film->from_90k == INT64_MIN ? !st->any || st->whole
                                          : same && st->whole && hole < ROUNDING_90K;
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        consider(&t, f);
    }
    *st = (struct take_state){.any = true,
                              .whole = t.open != NULL,
                              .recording = row->recording,
                              .base_90k = ret->base_90k,
                              .zero_90k = row->zero_90k,
                              .end_90k = st->end_90k};
    if (ret->n > 0) {
        const struct take *last = &ret->takes[ret->n - 1];
        const struct index_fragment *g = &ix->fragments[last->first + last->n - 1];
        st->end_90k = ret->base_90k + g->start_90k + g->duration_90k;
    }
}

void take_all(const struct index *ix, int64_t zero_90k, struct take_segment *ret)
{
    *ret = (struct take_segment){.base_90k = ix->zero_90k - zero_90k, .n = 1};
    ret->takes[0] = (struct take){
        .n = ix->n_fragments, .low_90k = INT64_MIN, .high_90k = INT64_MAX, .joined = true};
}
