/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/patch.h"

#include "base/clock.h"
#include "playback/mp4_box.h"

#include <string.h>

/* As the worker writes them. */
enum {
    MOOF_HEAD = 8 + 16, /* moof, mfhd */
    TRAF_HEAD = 8,
    TFHD_BYTES = 12 + 4 + 4,
    TFDT_VALUE_AT = 12,
    TFDT_BYTES = 12 + 8,
    TRUN_BYTES = 12 + 4 + 4,
    FIELD = 4
};

struct shape {
    bool one_duration, composition, only_first_sync, all_sync;
};

static struct shape look(const struct index_sample *s, uint32_t n)
{
    struct shape h = {.one_duration = true, .only_first_sync = true, .all_sync = true};
    for (uint32_t i = 0; i < n; i++) {
        h.one_duration &= s[i].duration == s[0].duration;
        h.only_first_sync &= s[i].sync == (i == 0);
        h.all_sync &= s[i].sync;
        h.composition |= s[i].composition != 0;
    }
    return h;
}

/* Bytes of a track's traf; ret_tfdt: of them before its value. */
static uint64_t traf_bytes(const struct index_sample *s, uint32_t n, uint32_t *ret_tfdt)
{
    struct shape h = look(s, n);
    bool each_flags = !h.only_first_sync && !h.all_sync;
    uint32_t tfhd = TFHD_BYTES + (h.one_duration ? FIELD : 0);
    uint64_t sample = FIELD + (h.one_duration ? 0 : FIELD) + (each_flags ? FIELD : 0) +
                      (h.composition ? FIELD : 0);
    *ret_tfdt = TRAF_HEAD + tfhd + TFDT_VALUE_AT;
    return TRAF_HEAD + tfhd + TFDT_BYTES + TRUN_BYTES +
           (h.only_first_sync && !h.all_sync ? FIELD : 0) + n * sample;
}

static uint64_t time_of(const struct patch_source *s, const struct index_track *k, int64_t decode)
{
    __int128 t = (__int128)(s->start_us - s->origin_us) * k->timescale / CLOCK_US + decode;
    return t > 0 ? (uint64_t)t : 0;
}

static void append(struct patches *p, const struct patch *one)
{
    if (p->n == p->cap) {
        p->cap = p->cap == 0 ? 16 : p->cap * 2;
        p->list = mem_resize(p->list, p->cap, sizeof *p->list);
    }
    p->list[p->n++] = *one;
}

static void add_fragment(struct patches *p, const struct patch_source *s, uint32_t fragment)
{
    const struct index *ix = s->index;
    const struct index_fragment *g = &ix->fragments[fragment];
    uint64_t at = MOOF_HEAD;
    uint32_t before = p->n;
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        const struct index_run *run = &g->runs[t];
        uint32_t value_at;
        if (run->n_samples == 0) {
            continue;
        }
        uint64_t bytes =
            traf_bytes(ix->tracks[t].samples + run->first_sample, run->n_samples, &value_at);
        append(p, &(struct patch){.segment = s->segment,
                                  .at = (uint32_t)(g->offset + at + value_at),
                                  .value = time_of(s, &ix->tracks[t], run->decode_time)});
        at += bytes;
    }
    if (at != g->moof_bytes || g->offset + g->moof_bytes > UINT32_MAX) {
        p->n = before;
    }
}

void patches_add(struct patches *p, const struct patch_source *s)
{
    for (uint32_t f = s->first; f < s->first + s->n; f++) {
        add_fragment(p, s, f);
    }
}

void patches_finish(struct patches *p)
{
    free(p->list);
    *p = (struct patches){0};
}

/* The first one that ends after byte `at` of the segment. */
static uint32_t find(const struct patches *p, uint32_t segment, uint64_t at)
{
    uint32_t low = 0, high = p->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct patch *m = &p->list[mid];
        if (m->segment < segment || (m->segment == segment && (uint64_t)m->at + 8 <= at)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

void patches_apply(const struct patches *p, uint32_t segment, uint64_t from, uint8_t *out, size_t n)
{
    for (uint32_t i = find(p, segment, from);
         i < p->n && p->list[i].segment == segment && p->list[i].at < from + n; i++) {
        uint8_t value[8];
        box_write_be64(value, p->list[i].value);
        for (uint32_t b = 0; b < sizeof value; b++) {
            uint64_t at = (uint64_t)p->list[i].at + b;
            if (at >= from && at < from + n) {
                out[at - from] = value[b];
            }
        }
    }
}
