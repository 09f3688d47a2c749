/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/seek_table.h"

#include "crypto/hash.h"

#include <errno.h>
#include <string.h>

enum { BYTES_MAX = 4096, NEAR_90K = 90 * 50 /* half a picture at 10 a second */ };

struct reader {
    const uint8_t *p;
    size_t n;
};

static bool take(struct reader *r, size_t n, uint64_t *ret_value)
{
    uint64_t v = 0;
    if (r->n < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | r->p[i];
    }
    r->p += n;
    r->n -= n;
    *ret_value = v;
    return true;
}

/* The next box of that type inside r; others are passed over. */
static bool next_box(struct reader *r, uint32_t type, struct reader *ret_box)
{
    uint64_t size, name;
    while (take(r, 4, &size) && take(r, 4, &name)) {
        if (size < 8 || size - 8 > r->n) {
            return false;
        }
        *ret_box = (struct reader){r->p, (size_t)size - 8};
        r->p += size - 8;
        r->n -= (size_t)size - 8;
        if (name == type) {
            return true;
        }
    }
    return false;
}

static bool read_point(struct reader *r, bool wide, unsigned tail, uint64_t *ret_time)
{
    uint64_t offset, rest;
    if (!take(r, wide ? 8 : 4, ret_time) || !take(r, wide ? 8 : 4, &offset)) {
        return false;
    }
    for (unsigned i = 0; i < tail; i++) {
        if (!take(r, 1, &rest)) {
            return false;
        }
    }
    return true;
}

/* tfra: version and flags, track, lengths of three numbers, count, points. */
static bool read_track(struct reader box, struct seek_track *t)
{
    uint64_t version, id, lengths, count;
    if (!take(&box, 4, &version) || !take(&box, 4, &id) || !take(&box, 4, &lengths) ||
        !take(&box, 4, &count) || count > SEEK_POINTS_MAX) {
        return false;
    }
    unsigned tail = (unsigned)((lengths >> 4 & 3) + (lengths >> 2 & 3) + (lengths & 3) + 3);
    t->n = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_point(&box, version >> 24 == 1, tail, &t->times[t->n]) ||
            (t->n > 0 && t->times[t->n] < t->times[t->n - 1])) {
            return false;
        }
        t->n++;
    }
    return true;
}

int seek_table_parse(const char *base64, size_t n, struct seek_table *ret_table)
{
    uint8_t bytes[BYTES_MAX];
    ssize_t len = base64_decode(base64, n, bytes, sizeof bytes);
    struct reader file = {bytes, len > 0 ? (size_t)len : 0}, mfra, tfra;
    if (!next_box(&file, 0x6d667261 /* mfra */, &mfra)) {
        return -EINVAL;
    }
    ret_table->n_tracks = 0;
    while (next_box(&mfra, 0x74667261 /* tfra */, &tfra)) {
        if (ret_table->n_tracks == SEEK_TRACKS_MAX ||
            !read_track(tfra, &ret_table->tracks[ret_table->n_tracks])) {
            return -EINVAL;
        }
        ret_table->n_tracks++;
    }
    return ret_table->n_tracks > 0 ? 0 : -EINVAL;
}

/* ---- our side ---- */
static const struct index_track *video_of(const struct index *ix, uint32_t *ret_track)
{
    for (uint32_t i = 0; i < ix->n_tracks; i++) {
        if (ix->tracks[i].kind == INDEX_VIDEO) {
            *ret_track = i;
            return &ix->tracks[i];
        }
    }
    return NULL;
}

size_t seek_key_pictures(const struct index *ix, int64_t *times_90k, size_t max)
{
    uint32_t track;
    const struct index_track *video = video_of(ix, &track);
    size_t n = 0;
    for (uint32_t f = 0; video != NULL && f < ix->n_fragments; f++) {
        const struct index_run *run = &ix->fragments[f].runs[track];
        int64_t at = run->decode_time;
        for (uint32_t i = 0; i < run->n_samples; i++) {
            const struct index_sample *s = &video->samples[run->first_sample + i];
            if (s->sync && n < max) {
                times_90k[n++] = (at + s->composition) * 90000 / video->timescale + ix->zero_90k;
            }
            at += s->duration;
        }
    }
    return n;
}

static bool is_near(const int64_t *times_90k, size_t n, int64_t want)
{
    for (size_t i = 0; i < n; i++) {
        int64_t off = times_90k[i] - want;
        if (off <= NEAR_90K && off >= -NEAR_90K) {
            return true;
        }
    }
    return false;
}

static unsigned track_missing(const struct seek_track *t, uint64_t timescale,
                              const int64_t *times_90k, size_t n)
{
    unsigned missing = 0;
    for (unsigned i = 0; i < t->n; i++) {
        double s = (double)(t->times[i] - t->times[0]) / (double)timescale;
        missing += s > 1e6 || !is_near(times_90k, n, times_90k[0] + (int64_t)(s * 90000.0));
    }
    return missing;
}

unsigned seek_table_missing(const struct seek_table *t, uint64_t timescale,
                            const int64_t *times_90k, size_t n)
{
    unsigned best = 0;
    bool any = false;
    for (unsigned i = 0; n > 0 && i < t->n_tracks; i++) {
        unsigned missing = track_missing(&t->tracks[i], timescale, times_90k, n);
        best = !any || missing < best ? missing : best;
        any = any || t->tracks[i].n > 0;
    }
    return best;
}
