/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/clock.h"

enum { SCALE_90K = 90000, REPEATS_SQUEEZED = 2, REORDER_PICTURES = 16 };

int64_t clock_unwrap(struct clock_file *f, int64_t t_90k)
{
    const int64_t turn = INT64_C(1) << 33, half = turn / 2;
    if (!f->wraps || t_90k == CLOCK_NONE) {
        return t_90k;
    }
    if (f->unwrapped) {
        int64_t delta = (t_90k - f->reference) & (turn - 1);
        t_90k = f->reference + (delta >= half ? delta - turn : delta);
    }
    f->unwrapped = true;
    f->reference = t_90k;
    return t_90k;
}

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

/* The correction that puts t at `want`. When another track just made about the same one, it is
 * taken over exactly, so that the tracks stay together. */
static int64_t jump(struct clock_track *c, int64_t t, int64_t want)
{
    struct clock_file *f = c->file;
    int64_t delta = want - t;
    int64_t shared = (int64_t)((__int128)f->jump_90k * c->timescale / SCALE_90K);
    if (f->jumped && magnitude(shared - delta) < c->timescale && t + shared > c->last) {
        return shared;
    }
    f->jumped = true;
    f->jump_90k = (int64_t)((__int128)delta * SCALE_90K / c->timescale);
    return delta;
}

/* Decode times are there and are to increase. */
static int64_t place_decode(struct clock_track *c, int64_t t)
{
    int64_t step = t - c->last, back_max = c->timescale / 2;
    if (step < -back_max || step > c->gap_max) {
        int64_t delta = jump(c, t, c->last + c->nominal);
        c->offset += delta;
        c->repeats = 0;
        return t + delta;
    }
    if (step <= 0) {
        int64_t small = c->nominal > 4 ? c->nominal / 4 : 1;
        return c->last + (c->repeats++ < REPEATS_SQUEEZED ? small : c->nominal);
    }
    c->repeats = 0;
    if (step <= c->timescale) {
        c->nominal = step;
    }
    c->shortest = c->shortest == 0 || step < c->shortest ? step : c->shortest;
    return t;
}

/* Only presentation times: pictures may be reordered, so going back a little is normal, but not for
 * one at which decoding starts, nor twice the same. */
static int64_t place_presentation(struct clock_track *c, bool sync, int64_t t)
{
    int64_t window = c->nominal * REORDER_PICTURES;
    int64_t back_max = window > c->timescale * 7 / 10 ? window : c->timescale * 7 / 10;
    int64_t back = c->latest - t;
    if (t == c->previous || (sync && back >= 0) || back > back_max || -back > c->gap_max) {
        int64_t delta = jump(c, t, c->latest + c->nominal);
        c->offset += delta;
        t += delta;
    }
    return t;
}

void clock_place(struct clock_track *c, bool sync, int64_t *dts, int64_t *pts)
{
    int64_t d = *dts, p = *pts;
    d = d == CLOCK_NONE ? p : d;
    p = p == CLOCK_NONE ? d : p;
    if (p == CLOCK_NONE) {
        d = p = c->started ? c->last + c->nominal - c->offset : 0;
    }
    d += c->offset;
    p += c->offset;
    if (c->without_decode_time) {
        p = c->started ? place_presentation(c, sync, p) : p;
        d = p;
    } else if (c->started) {
        int64_t placed = place_decode(c, d);
        bool rebased = magnitude(placed - d) > c->timescale / 2;
        p += rebased ? placed - d : 0;
        d = placed;
    }
    c->latest = c->started && c->latest > p ? c->latest : p;
    c->previous = p;
    c->last = c->without_decode_time ? c->latest : d;
    c->started = true;
    *pts = p;
    *dts = c->without_decode_time ? CLOCK_NONE : d;
}
