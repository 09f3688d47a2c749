/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/cut.h"

/* A start is rounded down and an end up, so that rounding never lets a sample out. */
static int64_t ticks_to_us(int64_t ticks, uint32_t timescale, bool up)
{
    int64_t whole = ticks / timescale, rest = ticks % timescale;
    if (rest < 0) {
        whole--;
        rest += timescale;
    }
    return whole * 1000000 + (rest * 1000000 + (up ? timescale - 1 : 0)) / timescale;
}

/* Where the samples of a fragment really are, over all tracks, from the segment's media zero. */
static struct cut_span extent(const struct index *ix, const struct index_fragment *f)
{
    struct cut_span e = {INT64_MAX, INT64_MIN};
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        const struct index_track *track = &ix->tracks[t];
        int64_t decode = f->runs[t].decode_time;
        for (uint32_t i = 0; i < f->runs[t].n_samples; i++) {
            const struct index_sample *s = &track->samples[f->runs[t].first_sample + i];
            int64_t at = ticks_to_us(decode + s->composition, track->timescale, false);
            int64_t end =
                ticks_to_us(decode + s->composition + s->duration, track->timescale, true);
            e.from_us = at < e.from_us ? at : e.from_us;
            e.to_us = end > e.to_us ? end : e.to_us;
            decode += s->duration;
        }
    }
    return e;
}

struct choice {
    const struct cut_span *window;
    struct cut_span span;
    bool begun, over;
};

/* Take fragment f of a source, or not; true when it was taken. */
static bool take(struct choice *c, const struct cut_source *s, const struct index_fragment *f)
{
    struct cut_span e = extent(s->index, f);
    if (e.from_us > e.to_us) {
        return false; /* holds nothing */
    }
    bool inside =
        s->start_us + e.from_us >= c->window->from_us && s->start_us + e.to_us <= c->window->to_us;
    if (!inside || (!c->begun && !f->key)) {
        c->over = c->begun;
        return false;
    }
    if (!c->begun || s->start_us + e.from_us < c->span.from_us) {
        c->span.from_us = s->start_us + e.from_us;
    }
    if (!c->begun || s->start_us + e.to_us > c->span.to_us) {
        c->span.to_us = s->start_us + e.to_us;
    }
    c->begun = true;
    return true;
}

uint32_t cut_choose(const struct cut_source *sources, uint32_t n_sources,
                    const struct cut_span *window, struct cut_piece *ret_pieces,
                    struct cut_span *ret_span)
{
    struct choice c = {.window = window};
    uint32_t n = 0;
    for (uint32_t s = 0; s < n_sources && !c.over; s++) {
        struct cut_piece piece = {.source = s};
        for (uint32_t f = 0; f < sources[s].index->n_fragments && !c.over; f++) {
            if (take(&c, &sources[s], &sources[s].index->fragments[f])) {
                piece.first = piece.n ? piece.first : f;
                piece.n = f - piece.first + 1;
            }
        }
        if (piece.n) {
            ret_pieces[n++] = piece;
        }
    }
    if (n) {
        *ret_span = c.span;
    }
    return n;
}

uint32_t cut_around(const struct cut_source *source, int64_t from_us, int64_t to_us,
                    struct cut_piece ret_pieces[CUT_PARTS])
{
    const struct cut_span before = {INT64_MIN, from_us}, behind = {to_us, INT64_MAX};
    struct cut_span span;
    uint32_t n_before = cut_choose(source, 1, &before, ret_pieces, &span);
    uint32_t n = n_before + cut_choose(source, 1, &behind, ret_pieces + n_before, &span);
    if (n != 1 || ret_pieces[0].n < source->index->n_fragments) {
        return n;
    }
    /* The span lies where no sample is, beyond the last or before the first: that fragment goes, so
     * that the segment ends there. */
    ret_pieces[0].n--;
    ret_pieces[0].first += n_before ? 0 : 1;
    return ret_pieces[0].n > 0 ? 1 : 0;
}

/* The earliest sample of the fragments, in 1/90000 s from media zero, rounded down; never before
 * it: what lies there is primed, not played, and stays so. */
static int64_t earliest_90k(const struct index *ix)
{
    int64_t min = INT64_MAX;
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        int64_t us = extent(ix, &ix->fragments[f]).from_us;
        min = us < min ? us : min;
    }
    return min == INT64_MAX || min < 0 ? 0 : min * 9 / 100;
}

int cut_index(const struct cut_source *source, const struct cut_piece *piece, bool first,
              struct index *ret_cut, int64_t *ret_start_us)
{
    struct index cut;
    int r = index_cut(source->index, piece->first, piece->n, &cut);
    if (r) {
        return r;
    }
    int64_t shift_90k = first ? earliest_90k(&cut) : 0;
    for (uint32_t f = 0; f < cut.n_fragments; f++) {
        cut.fragments[f].start_90k -= shift_90k;
        for (uint32_t t = 0; t < cut.n_tracks; t++) {
            cut.fragments[f].runs[t].decode_time -=
                shift_90k * (int64_t)cut.tracks[t].timescale / 90000;
        }
    }
    cut.zero_90k += shift_90k;
    *ret_cut = cut;
    *ret_start_us = source->start_us + ticks_to_us(shift_90k, 90000, false);
    return 0;
}
