/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/boxes.h"

#include <string.h>

enum { MOVIE_SCALE = 1000, LANGUAGE_UND = 0x55c4, FIXED_ONE = 1 << 16 };
enum { SAMPLE_SYNC = 0x02000000, SAMPLE_OTHER = 0x01010000 };
enum { TFHD_BASE_IS_MOOF = 0x020000, TFHD_DURATION = 0x08, TFHD_FLAGS = 0x20 };
enum {
    TRUN_OFFSET = 0x001,
    TRUN_FIRST_FLAGS = 0x004,
    TRUN_DURATION = 0x100,
    TRUN_SIZE = 0x200,
    TRUN_FLAGS = 0x400,
    TRUN_COMPOSITION = 0x800
};

static size_t begin(struct buf *b, const char *type)
{
    size_t at = b->len;
    buf_be32(b, 0);
    buf_append(b, type, 4);
    return at;
}

static size_t begin_full(struct buf *b, const char *type, unsigned version, uint32_t flags)
{
    size_t at = begin(b, type);
    buf_u8(b, (uint8_t)version);
    buf_be24(b, flags);
    return at;
}

static void put_at(struct buf *b, size_t at, uint32_t v)
{
    if (!b->overflow) {
        const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                                  (uint8_t)v};
        memcpy(b->data + at, bytes, sizeof(bytes));
    }
}

static void end(struct buf *b, size_t at)
{
    put_at(b, at, (uint32_t)(b->len - at));
}

static void zeros(struct buf *b, size_t n)
{
    while (n-- > 0) {
        buf_u8(b, 0);
    }
}

static void matrix(struct buf *b, const int32_t m[9])
{
    for (size_t i = 0; i < 9; i++) {
        buf_be32(b, (uint32_t)m[i]);
    }
}

static void ftyp(struct buf *b)
{
    size_t at = begin(b, "ftyp");
    buf_str(b, "iso6");
    buf_be32(b, 1);
    buf_str(b, "iso6cmfcmp41");
    end(b, at);
}

static void mvhd(struct buf *b, size_t n_tracks)
{
    static const int32_t unit[9] = {FIXED_ONE, 0, 0, 0, FIXED_ONE, 0, 0, 0, 1 << 30};
    size_t at = begin_full(b, "mvhd", 0, 0);
    zeros(b, 8);
    buf_be32(b, MOVIE_SCALE);
    buf_be32(b, 0);
    buf_be32(b, FIXED_ONE); /* rate */
    buf_be16(b, 0x0100);    /* volume */
    zeros(b, 10);
    matrix(b, unit);
    zeros(b, 24);
    buf_be32(b, (uint32_t)n_tracks + 1);
    end(b, at);
}

static void tkhd(struct buf *b, const struct index_track *t, uint32_t id)
{
    size_t at = begin_full(b, "tkhd", 0, 3);
    zeros(b, 8);
    buf_be32(b, id);
    zeros(b, 4 + 4 + 8 + 2);
    buf_be16(b, t->kind == INDEX_AUDIO ? 1 : 0); /* alternate group */
    buf_be16(b, t->kind == INDEX_AUDIO ? 0x0100 : 0);
    buf_be16(b, 0);
    matrix(b, t->matrix);
    buf_be32(b, (uint32_t)t->width << 16);
    buf_be32(b, (uint32_t)t->height << 16);
    end(b, at);
}

static void mdhd_hdlr(struct buf *b, const struct index_track *t)
{
    bool video = t->kind == INDEX_VIDEO;
    size_t at = begin_full(b, "mdhd", 0, 0);
    zeros(b, 8);
    buf_be32(b, t->timescale);
    buf_be32(b, 0);
    buf_be16(b, LANGUAGE_UND);
    buf_be16(b, 0);
    end(b, at);
    at = begin_full(b, "hdlr", 0, 0);
    buf_be32(b, 0);
    buf_append(b, video ? "vide" : "soun", 4);
    zeros(b, 12);
    buf_append(b, video ? "Video" : "Sound", 6);
    end(b, at);
}

static void empty_table(struct buf *b, const char *type, size_t n_zeros)
{
    size_t at = begin_full(b, type, 0, 0);
    zeros(b, n_zeros);
    end(b, at);
}

static void minf(struct buf *b, const struct index_track *t)
{
    size_t at = begin(b, "minf"), inner = t->kind == INDEX_VIDEO ? begin_full(b, "vmhd", 0, 1)
                                                                 : begin_full(b, "smhd", 0, 0);
    zeros(b, t->kind == INDEX_VIDEO ? 8 : 4);
    end(b, inner);
    size_t dinf = begin(b, "dinf");
    inner = begin_full(b, "dref", 0, 0);
    buf_be32(b, 1);
    end(b, begin_full(b, "url ", 0, 1));
    end(b, inner);
    end(b, dinf);
    size_t stbl = begin(b, "stbl");
    buf_append(b, t->stsd, t->stsd_len);
    empty_table(b, "stts", 4);
    empty_table(b, "stsc", 4);
    empty_table(b, "stsz", 8);
    empty_table(b, "stco", 4);
    end(b, stbl);
    end(b, at);
}

static void trak(struct buf *b, const struct index_track *t, uint32_t id)
{
    size_t at = begin(b, "trak");
    tkhd(b, t, id);
    size_t mdia = begin(b, "mdia");
    mdhd_hdlr(b, t);
    minf(b, t);
    end(b, mdia);
    end(b, at);
}

void boxes_init(struct buf *out, const struct index_track *tracks, size_t n)
{
    ftyp(out);
    size_t moov = begin(out, "moov");
    mvhd(out, n);
    for (size_t i = 0; i < n; i++) {
        trak(out, &tracks[i], (uint32_t)i + 1);
    }
    size_t mvex = begin(out, "mvex");
    for (size_t i = 0; i < n; i++) {
        size_t trex = begin_full(out, "trex", 0, 0);
        buf_be32(out, (uint32_t)i + 1);
        buf_be32(out, 1);
        zeros(out, 12);
        end(out, trex);
    }
    end(out, mvex);
    end(out, moov);
}

/* What is the same for all samples of a run need not be said for each. */
struct shape {
    bool one_duration, only_first_sync, all_sync, composition;
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

/* Returns where the data offset has to be put. */
static size_t trun(struct buf *b, const struct index_sample *s, uint32_t n, const struct shape *h)
{
    bool each_flags = !h->only_first_sync && !h->all_sync;
    uint32_t flags = TRUN_OFFSET | TRUN_SIZE;
    flags |= h->one_duration ? 0 : TRUN_DURATION;
    flags |= h->composition ? TRUN_COMPOSITION : 0;
    flags |= each_flags ? TRUN_FLAGS : 0;
    flags |= h->only_first_sync && !h->all_sync ? TRUN_FIRST_FLAGS : 0;
    size_t at = begin_full(b, "trun", 1, flags);
    buf_be32(b, n);
    size_t offset_at = b->len;
    buf_be32(b, 0);
    if ((flags & TRUN_FIRST_FLAGS) != 0) {
        buf_be32(b, SAMPLE_SYNC);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!h->one_duration) {
            buf_be32(b, s[i].duration);
        }
        buf_be32(b, s[i].size);
        if (each_flags) {
            buf_be32(b, s[i].sync ? SAMPLE_SYNC : SAMPLE_OTHER);
        }
        if (h->composition) {
            buf_be32(b, (uint32_t)s[i].composition);
        }
    }
    end(b, at);
    return offset_at;
}

static size_t traf(struct buf *b, uint32_t id, const struct index_run *run, int64_t base,
                   const struct index_sample *s)
{
    struct shape h = look(s, run->n_samples);
    size_t at = begin(b, "traf");
    uint32_t flags = TFHD_BASE_IS_MOOF | TFHD_FLAGS | (h.one_duration ? TFHD_DURATION : 0);
    size_t tfhd = begin_full(b, "tfhd", 0, flags);
    buf_be32(b, id);
    if (h.one_duration) {
        buf_be32(b, s[0].duration);
    }
    buf_be32(b, h.all_sync ? SAMPLE_SYNC : SAMPLE_OTHER);
    end(b, tfhd);
    size_t tfdt = begin_full(b, "tfdt", 1, 0);
    buf_be64(b, (uint64_t)(run->decode_time + base));
    end(b, tfdt);
    size_t offset_at = trun(b, s, run->n_samples, &h);
    end(b, at);
    return offset_at;
}

void boxes_moof(struct buf *out, uint32_t sequence, const struct index_track *tracks, size_t n,
                const struct index_fragment *f, const int64_t *base, uint32_t *ret_moof_bytes)
{
    size_t offset_at[INDEX_TRACKS_MAX], start = out->len, moof = begin(out, "moof");
    size_t mfhd = begin_full(out, "mfhd", 0, 0);
    buf_be32(out, sequence);
    end(out, mfhd);
    for (size_t i = 0; i < n; i++) {
        if (f->runs[i].n_samples > 0) {
            offset_at[i] = traf(out, (uint32_t)i + 1, &f->runs[i], base[i],
                                tracks[i].samples + f->runs[i].first_sample);
        }
    }
    end(out, moof);
    *ret_moof_bytes = (uint32_t)(out->len - start);
    uint32_t data = *ret_moof_bytes + 8;
    for (size_t i = 0; i < n; i++) {
        if (f->runs[i].n_samples > 0) {
            put_at(out, offset_at[i], data);
        }
        for (uint32_t s = 0; s < f->runs[i].n_samples; s++) {
            data += tracks[i].samples[f->runs[i].first_sample + s].size;
        }
    }
    buf_be32(out, f->mdat_bytes);
    buf_append(out, "mdat", 4);
}
