/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments keep their bytes; only where they lie and what they count from changes. */
#include "remux/index.h"

#include <errno.h>
#include <string.h>

static bool same_track(const struct index_track *a, const struct index_track *b)
{
    return a->kind == b->kind && strcmp(a->codec, b->codec) == 0 && a->timescale == b->timescale &&
           a->width == b->width && a->height == b->height &&
           memcmp(a->matrix, b->matrix, sizeof a->matrix) == 0 && a->channels == b->channels &&
           a->sample_rate == b->sample_rate && a->stsd_len == b->stsd_len &&
           memcmp(a->stsd, b->stsd, a->stsd_len) == 0;
}

bool index_same_init(const struct index *a, const struct index *b)
{
    bool same = a->n_tracks == b->n_tracks && a->init_bytes == b->init_bytes;
    for (uint32_t t = 0; same && t < a->n_tracks; t++) {
        same = same_track(&a->tracks[t], &b->tracks[t]);
    }
    return same;
}

/* Nothing lies before, between or behind the fragments. */
static bool is_dense(const struct index *ix)
{
    uint64_t at = ix->init_bytes;
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_fragment *g = &ix->fragments[f];
        if (g->offset != at) {
            return false;
        }
        at += (uint64_t)g->moof_bytes + g->mdat_bytes;
    }
    return at == ix->plain_bytes;
}

static int check(const struct index *const *list, size_t n)
{
    uint64_t fragments = 0, samples[INDEX_TRACKS_MAX] = {0};
    for (size_t i = 0; i < n; i++) {
        if (!index_same_init(list[0], list[i]) || !is_dense(list[i]) ||
            (i > 0 && list[i]->zero_90k < list[i - 1]->zero_90k)) {
            return -EINVAL;
        }
        fragments += list[i]->n_fragments;
        for (uint32_t t = 0; t < list[i]->n_tracks; t++) {
            samples[t] += list[i]->tracks[t].n_samples;
            if (samples[t] > INDEX_SAMPLES_MAX) {
                return -E2BIG;
            }
        }
    }
    return n == 0 ? -EINVAL : fragments > INDEX_FRAGMENTS_MAX ? -E2BIG : 0;
}

/* A track's media zero in its own time scale, as the worker counts it. */
static int64_t zero_of(const struct index *ix, uint32_t track)
{
    return (int64_t)((__int128)ix->zero_90k * ix->tracks[track].timescale / 90000);
}

static void join_track(const struct index *const *list, size_t n, uint32_t t,
                       struct index_track *out)
{
    size_t samples = 0;
    for (size_t i = 0; i < n; i++) {
        samples += list[i]->tracks[t].n_samples;
    }
    *out = list[0]->tracks[t];
    out->stsd = mem_dup(list[0]->tracks[t].stsd, list[0]->tracks[t].stsd_len);
    out->samples = mem_alloc(samples + 1, sizeof *out->samples);
    out->n_samples = 0;
    for (size_t i = 0; i < n; i++) {
        const struct index_track *from = &list[i]->tracks[t];
        if (from->n_samples > 0) {
            memcpy(out->samples + out->n_samples, from->samples,
                   from->n_samples * sizeof *out->samples);
        }
        out->n_samples += from->n_samples;
    }
}

/* Put one segment's fragments behind those that are there. */
static void add_fragments(struct index *j, const struct index *first, const struct index *ix,
                          uint32_t samples[INDEX_TRACKS_MAX])
{
    int64_t later_90k = ix->zero_90k - first->zero_90k;
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        struct index_fragment *g = &j->fragments[j->n_fragments++];
        *g = ix->fragments[f];
        g->offset = j->plain_bytes;
        j->plain_bytes += (uint64_t)g->moof_bytes + g->mdat_bytes;
        g->start_90k += later_90k;
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            g->runs[t].first_sample += samples[t];
            g->runs[t].decode_time += zero_of(ix, t) - zero_of(first, t);
        }
    }
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        samples[t] += ix->tracks[t].n_samples;
    }
    int64_t end = later_90k + ix->duration_90k;
    if (end > j->duration_90k) {
        j->duration_90k = end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
    }
}

int index_join(const struct index *const *list, size_t n, struct index *ret_joined)
{
    int r = check(list, n);
    if (r < 0) {
        return r;
    }
    size_t fragments = 0;
    for (size_t i = 0; i < n; i++) {
        fragments += list[i]->n_fragments;
    }
    struct index j = {.init_bytes = list[0]->init_bytes,
                      .plain_bytes = list[0]->init_bytes,
                      .zero_90k = list[0]->zero_90k,
                      .n_tracks = list[0]->n_tracks};
    uint32_t samples[INDEX_TRACKS_MAX] = {0};
    j.fragments = mem_alloc(fragments, sizeof *j.fragments);
    for (uint32_t t = 0; t < j.n_tracks; t++) {
        join_track(list, n, t, &j.tracks[t]);
    }
    for (size_t i = 0; i < n; i++) {
        add_fragments(&j, list[0], list[i], samples);
    }
    *ret_joined = j;
    return 0;
}
