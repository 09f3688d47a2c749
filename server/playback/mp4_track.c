/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk offsets are relative to the first payload byte and moved once the header's size is known.
 * Composition offsets are written as they are and shifted at the end, when the least is known. */
#include "playback/mp4_track.h"

#include "base/clock.h"
#include "playback/mp4_box.h"

#include <errno.h>
#include <string.h>

int64_t mp4_rescale(int64_t v, uint32_t from, uint32_t to)
{
    if (from == to) {
        return v;
    }
    __int128 x = (__int128)v * to;
    x = (x + (x < 0 ? -(int64_t)(from / 2) : (int64_t)(from / 2))) / from;
    return x > INT64_MAX / 8 ? INT64_MAX / 8 : x < INT64_MIN / 8 ? INT64_MIN / 8 : (int64_t)x;
}

static void pairs_flush(struct mp4_pairs *t)
{
    if (t->count > 0) {
        buf_be32(&t->b, t->count);
        buf_be32(&t->b, t->value);
        t->n++;
        t->count = 0;
    }
}

static void pairs_add(struct mp4_pairs *t, uint32_t value)
{
    if (t->count > 0 && t->value != value) {
        pairs_flush(t);
    }
    t->value = value;
    t->count++;
}

void mp4_track_init(struct mp4_track *t, const struct index_track *model, unsigned ordinal,
                    size_t max_bytes)
{
    *t = (struct mp4_track){.kind = model->kind,
                            .ordinal = ordinal,
                            .timescale = model->timescale,
                            .width = model->width,
                            .height = model->height};
    memcpy(t->matrix, model->matrix, sizeof t->matrix);
    struct buf *all[] = {&t->stts.b, &t->ctts.b, &t->stss, &t->stsc, &t->stsz, &t->offsets};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        all[i]->max = max_bytes;
    }
}

void mp4_track_finish(struct mp4_track *t)
{
    struct buf *all[] = {&t->stts.b, &t->ctts.b, &t->stss, &t->stsc, &t->stsz, &t->offsets};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        buf_finish(all[i]);
    }
    for (uint32_t i = 0; i < t->n_descriptions; i++) {
        free(t->descriptions[i].entry);
    }
    t->n_descriptions = 0;
}

int mp4_track_describe(struct mp4_track *t, const struct index_track *from,
                       uint32_t *ret_description)
{
    const uint8_t *entry = from->stsd + STSD_ENTRIES;
    uint32_t len = from->stsd_len - STSD_ENTRIES;
    for (uint32_t i = 0; i < t->n_descriptions; i++) {
        if (t->descriptions[i].len == len && memcmp(t->descriptions[i].entry, entry, len) == 0) {
            *ret_description = i + 1;
            return 0;
        }
    }
    if (t->n_descriptions == MP4_DESCRIPTIONS_MAX) {
        return -E2BIG;
    }
    t->descriptions[t->n_descriptions].entry = mem_dup(entry, len);
    t->descriptions[t->n_descriptions].len = len;
    *ret_description = ++t->n_descriptions;
    return 0;
}

/* Decode time of this sample closes the one before, which lasts over a hole. Rounding between
 * segments (up to a millisecond) is not written down. Times always go on; what does not fit - two
 * recordings that overlap, a hole of many hours - is made up for by the samples after it. */
static void add_time(struct mp4_track *t, int64_t decode)
{
    if (t->n_samples == 0) {
        t->first_decode = decode;
        return;
    }
    int64_t delta = decode - t->first_decode - t->position;
    int64_t off = delta - t->last_duration;
    int64_t slack = t->timescale / 1000 + 1;
    if (off >= -slack && off <= slack) {
        delta = t->last_duration;
    }
    delta = delta < 1 ? 1 : delta > INT32_MAX ? INT32_MAX : delta;
    pairs_add(&t->stts, (uint32_t)delta);
    t->position += delta;
}

static void add_sample(struct mp4_track *t, const struct index_sample *s, int64_t decode,
                       int64_t composition, uint32_t duration)
{
    add_time(t, decode);
    int64_t pts = t->position + composition;
    if (t->n_samples == 0) {
        t->first_duration = duration;
    }
    if (t->n_samples == 0 || pts < t->pts_min) {
        t->pts_min = pts;
    }
    if (t->n_samples == 0 || pts + duration > t->pts_max_end) {
        t->pts_max_end = pts + duration;
    }
    t->n_samples++;
    t->last_duration = duration;
    t->shift = -composition > t->shift ? -composition : t->shift;
    pairs_add(&t->ctts, (uint32_t)(int32_t)composition);
    buf_be32(&t->stsz, s->size);
    if (s->sync) {
        buf_be32(&t->stss, t->n_samples);
        t->n_sync++;
    }
}

static void add_chunk(struct mp4_track *t, const struct mp4_chunk *c)
{
    buf_be64(&t->offsets, c->at);
    t->n_chunks++;
    if (t->stsc_samples != c->n || t->stsc_description != c->description) {
        buf_be32(&t->stsc, t->n_chunks);
        buf_be32(&t->stsc, c->n);
        buf_be32(&t->stsc, c->description);
        t->n_stsc++;
        t->stsc_samples = c->n;
        t->stsc_description = c->description;
    }
}

void mp4_track_add(struct mp4_track *t, const struct index_track *from, const struct mp4_chunk *c)
{
    int64_t base = mp4_rescale(c->base_90k, CLOCK_90K, t->timescale), decode = c->decode_time;
    add_chunk(t, c);
    for (uint32_t i = 0; i < c->n; i++) {
        const struct index_sample *s = &from->samples[c->first + i];
        int64_t duration = mp4_rescale(s->duration, from->timescale, t->timescale);
        int64_t composition = mp4_rescale(s->composition, from->timescale, t->timescale);
        composition = composition > INT32_MAX   ? INT32_MAX
                      : composition < INT32_MIN ? INT32_MIN
                                                : composition;
        add_sample(t, s, base + mp4_rescale(decode, from->timescale, t->timescale), composition,
                   duration > INT32_MAX ? INT32_MAX : (uint32_t)duration);
        decode += s->duration;
    }
}

int64_t mp4_track_end_of(const struct mp4_track *t)
{
    return t->n_samples == 0 ? INT64_MIN : t->first_decode + t->position + t->last_duration;
}

static void shift_compositions(struct mp4_track *t)
{
    for (size_t at = 4; at < t->ctts.b.len; at += 8) {
        uint8_t *p = t->ctts.b.data + at;
        uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        box_write_be32(p, v + (uint32_t)t->shift);
    }
    t->ctts.value += (uint32_t)t->shift;
    t->pts_min += t->shift;
    t->pts_max_end += t->shift;
}

/* Where the track's presentation begins, in its own time and in the movie's, and how long it is. */
static void place(struct mp4_track *t, int64_t end_90k)
{
    int64_t start = -t->first_decode + t->shift; /* the movie's zero on the track's time line */
    int64_t early = start - t->pts_min;
    if (early <= 0) {
        t->wait_90k = (uint64_t)mp4_rescale(-early, t->timescale, CLOCK_90K);
        t->media_time = t->pts_min;
    } else {
        /* A fraction of the first picture is rounding, not something to skip. */
        int64_t picture = t->kind == INDEX_VIDEO ? t->first_duration : 0;
        t->media_time = early < picture / 2 ? t->pts_min : start;
    }
    int64_t shown = t->pts_max_end - t->media_time;
    shown = shown > 0 ? mp4_rescale(shown, t->timescale, CLOCK_90K) : 0;
    int64_t room = end_90k - (int64_t)t->wait_90k;
    t->shown_90k = (uint64_t)(shown < room ? shown : room > 0 ? room : 0);
}

int mp4_track_end(struct mp4_track *t, int64_t end_90k)
{
    const struct buf *all[] = {&t->stts.b, &t->ctts.b, &t->stss, &t->stsc, &t->stsz, &t->offsets};
    bool overflow = false;
    pairs_add(&t->stts, t->last_duration);
    t->position += t->last_duration;
    pairs_flush(&t->stts);
    pairs_flush(&t->ctts);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        overflow |= all[i]->overflow;
    }
    if (overflow) {
        return -E2BIG;
    }
    shift_compositions(t);
    place(t, end_90k);
    return 0;
}
