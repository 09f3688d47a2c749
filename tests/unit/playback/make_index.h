/* SPDX-License-Identifier: Apache-2.0 */
/* A small sound index to test with: one picture track, maybe one sound track, one GOP a fragment.
 */
#ifndef TESTS_MAKE_INDEX_H
#define TESTS_MAKE_INDEX_H

#include "remux/index.h"

#include <stdlib.h>
#include <string.h>

struct make_index {
    uint32_t fragments, pictures, picture_ticks; /* pictures per fragment; 1/90000 s each */
    uint32_t sounds;                             /* per fragment, 0 = no sound track */
    int64_t zero_90k;
    uint8_t format;    /* last byte of the stsd entries */
    int64_t sound_at;  /* decode time of the first sound, 1/48000 s */
    int32_t b_frames;  /* composition offset of pictures 0, and of 1, 2 ... alternating with it */
    uint32_t key_each; /* every n-th fragment begins with a key picture; 0 = all */
};

static inline uint8_t *make_stsd(const char *type, uint8_t last, uint32_t *ret_len)
{
    struct buf b = BUF_INIT(64);
    buf_be32(&b, 25);
    buf_str(&b, "stsd");
    buf_be32(&b, 0);
    buf_be32(&b, 1);
    buf_be32(&b, 9);
    buf_str(&b, type);
    buf_u8(&b, last);
    *ret_len = (uint32_t)b.len;
    return buf_take(&b);
}

static inline void make_pictures(struct index_track *t, const struct make_index *m)
{
    *t = (struct index_track){.kind = INDEX_VIDEO,
                              .codec = "avc1.64001f",
                              .timescale = 90000,
                              .width = 640,
                              .height = 360,
                              .n_samples = m->fragments * m->pictures};
    t->stsd = make_stsd("avc1", m->format, &t->stsd_len);
    t->samples = calloc(t->n_samples + 1, sizeof *t->samples);
    for (uint32_t i = 0; i < t->n_samples; i++) {
        uint32_t in = i % m->pictures, f = i / m->pictures;
        t->samples[i].size = in == 0 ? 1000 + f : 100 + in;
        t->samples[i].duration = m->picture_ticks;
        t->samples[i].composition = in % 2 == 0 ? m->b_frames : -m->b_frames;
        t->samples[i].sync = in == 0 && (m->key_each == 0 || f % m->key_each == 0);
    }
}

static inline void make_sounds(struct index_track *t, const struct make_index *m)
{
    *t = (struct index_track){.kind = INDEX_AUDIO,
                              .codec = "mp4a.40.2",
                              .timescale = 48000,
                              .channels = 1,
                              .sample_rate = 48000,
                              .n_samples = m->fragments * m->sounds};
    t->stsd = make_stsd("mp4a", m->format, &t->stsd_len);
    t->samples = calloc(t->n_samples + 1, sizeof *t->samples);
    for (uint32_t i = 0; i < t->n_samples; i++) {
        t->samples[i] = (struct index_sample){.size = 10, .duration = 1024, .sync = true};
    }
}

static inline struct index make_index(const struct make_index *m)
{
    struct index ix = {.init_bytes = 700,
                       .zero_90k = m->zero_90k,
                       .n_tracks = m->sounds > 0 ? 2 : 1,
                       .n_fragments = m->fragments};
    make_pictures(&ix.tracks[0], m);
    if (m->sounds > 0) {
        make_sounds(&ix.tracks[1], m);
    }
    ix.fragments = calloc(m->fragments, sizeof *ix.fragments);
    uint64_t offset = ix.init_bytes;
    for (uint32_t f = 0; f < m->fragments; f++) {
        struct index_fragment *g = &ix.fragments[f];
        g->offset = offset;
        g->moof_bytes = 100;
        g->mdat_bytes = 8;
        g->duration_90k = m->pictures * m->picture_ticks;
        g->start_90k = (int64_t)f * g->duration_90k;
        g->key = ix.tracks[0].samples[(size_t)f * m->pictures].sync;
        g->runs[0] = (struct index_run){f * m->pictures, m->pictures, g->start_90k};
        g->runs[1] = (struct index_run){f * m->sounds, m->sounds,
                                        m->sound_at + (int64_t)f * m->sounds * 1024};
        for (uint32_t i = 0; i < m->pictures; i++) {
            g->mdat_bytes += ix.tracks[0].samples[f * m->pictures + i].size;
        }
        g->mdat_bytes += m->sounds * 10;
        offset += (uint64_t)g->moof_bytes + g->mdat_bytes;
    }
    ix.duration_90k = m->fragments * m->pictures * m->picture_ticks;
    ix.plain_bytes = offset;
    return ix;
}

#endif
