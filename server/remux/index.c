/* SPDX-License-Identifier: Apache-2.0 */
/* Coded form: docs/design/segment-index.md. A writer over struct buf and a reader with one sticky
 * error; every count is checked against its limit before memory is taken for it. */
#include "remux/index.h"

#include "base/status.h"

#include <errno.h>
#include <string.h>

enum { VERSION = 1, STSD_HEAD = 16, RUN_MIN = 3 };
#define TIME_MAX ((int64_t)1 << 53)

/* ---- writing ---- */

static void put_varint(struct buf *b, uint64_t v)
{
    while (v >= 0x80) {
        buf_u8(b, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    buf_u8(b, (uint8_t)v);
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static void put_signed(struct buf *b, int64_t v)
{
    put_varint(b, zigzag(v));
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* A column of n small numbers: their common divisor, then tokens; bit 0 of a token says that a
 * count of repeats follows. */
static void put_column(struct buf *b, const int64_t *v, uint32_t n)
{
    uint64_t unit = 0;
    for (uint32_t i = 0; i < n && unit != 1; i++) {
        unit = gcd(v[i] < 0 ? (uint64_t)-v[i] : (uint64_t)v[i], unit);
    }
    unit = unit == 0 ? 1 : unit;
    put_varint(b, unit);
    for (uint32_t i = 0; i < n;) {
        uint32_t run = 1;
        while (i + run < n && v[i + run] == v[i]) {
            run++;
        }
        uint64_t token = zigzag(v[i] / (int64_t)unit) << 1;
        if (run >= RUN_MIN) {
            put_varint(b, token | 1);
            put_varint(b, run);
            i += run;
        } else {
            put_varint(b, token);
            i++;
        }
    }
}

static void put_samples(struct buf *b, const struct index_track *t)
{
    uint32_t n = t->n_samples;
    CLEANUP(mem_free_at) int64_t *v = mem_alloc(n + 1, sizeof *v);
    for (uint32_t i = 0; i < n; i++) {
        v[i] = t->samples[i].sync;
    }
    put_column(b, v, n);
    for (uint32_t i = 0; i < n; i++) {
        v[i] = t->samples[i].duration;
    }
    put_column(b, v, n);
    for (uint32_t i = 0; i < n; i++) {
        v[i] = t->samples[i].composition;
    }
    put_column(b, v, n);
    /* Key pictures are like key pictures, others like others. */
    int64_t last[2] = {0, 0};
    for (uint32_t i = 0; i < n; i++) {
        bool sync = t->samples[i].sync;
        v[i] = (int64_t)t->samples[i].size - last[sync];
        last[sync] = t->samples[i].size;
    }
    put_column(b, v, n);
}

static int put_track(struct buf *b, const struct index_track *t)
{
    size_t codec_len = strnlen(t->codec, sizeof t->codec);
    if (t->stsd_len > INDEX_STSD_MAX || t->n_samples > INDEX_SAMPLES_MAX ||
        codec_len == sizeof t->codec) {
        return -E2BIG;
    }
    buf_u8(b, (uint8_t)t->kind);
    buf_u8(b, (uint8_t)codec_len);
    buf_append(b, t->codec, codec_len);
    put_varint(b, t->timescale);
    put_varint(b, t->width);
    put_varint(b, t->height);
    for (size_t i = 0; i < 9; i++) {
        put_signed(b, t->matrix[i]);
    }
    put_varint(b, t->channels);
    put_varint(b, t->sample_rate);
    put_varint(b, t->stsd_len);
    buf_append(b, t->stsd, t->stsd_len);
    put_varint(b, t->n_samples);
    put_samples(b, t);
    return 0;
}

/* Where the next run of a track would begin if nothing is missing: what decode times are coded
 * against. */
static int64_t run_end(const struct index_track *t, const struct index_run *r)
{
    int64_t end = r->decode_time;
    for (uint32_t i = 0; i < r->n_samples; i++) {
        end += t->samples[r->first_sample + i].duration;
    }
    return end;
}

static void put_fragments(struct buf *b, const struct index *ix)
{
    uint64_t offset = ix->init_bytes;
    int64_t start = 0, expected[INDEX_TRACKS_MAX] = {0};
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_fragment *g = &ix->fragments[f];
        put_varint(b, g->offset - offset);
        put_varint(b, g->moof_bytes);
        put_varint(b, g->mdat_bytes);
        put_signed(b, g->start_90k - start);
        put_varint(b, g->duration_90k);
        buf_u8(b, g->key);
        buf_append(b, g->sketch, SHA256_SIZE);
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            put_varint(b, g->runs[t].n_samples);
            put_signed(b, g->runs[t].decode_time - expected[t]);
            expected[t] = run_end(&ix->tracks[t], &g->runs[t]);
        }
        offset = g->offset + g->moof_bytes + g->mdat_bytes;
        start = g->start_90k + g->duration_90k;
    }
}

int index_encode(const struct index *ix, struct buf *out)
{
    if (ix->n_tracks > INDEX_TRACKS_MAX || ix->n_fragments > INDEX_FRAGMENTS_MAX) {
        return -E2BIG;
    }
    size_t before = out->len;
    buf_u8(out, VERSION);
    put_varint(out, ix->init_bytes);
    put_varint(out, ix->plain_bytes);
    put_signed(out, ix->zero_90k);
    put_varint(out, ix->duration_90k);
    put_varint(out, ix->n_tracks);
    put_varint(out, ix->n_fragments);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        int r = put_track(out, &ix->tracks[t]);
        if (r < 0) {
            return r;
        }
    }
    put_fragments(out, ix);
    return out->overflow || out->len - before > INDEX_BYTES_MAX ? -E2BIG : 0;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *p, *end;
    bool bad; /* sticky; everything reads as 0 afterwards */
};

static const uint8_t *get_bytes(struct reader *r, size_t n)
{
    if (r->bad || (size_t)(r->end - r->p) < n) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

static uint8_t get_u8(struct reader *r)
{
    const uint8_t *p = get_bytes(r, 1);
    return p == NULL ? 0 : *p;
}

/* A number of at most max; anything else is bad. */
static uint64_t get_varint(struct reader *r, uint64_t max)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_u8(r);
        if (shift == 63 && byte > 1) {
            break;
        }
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (v > max) {
                break;
            }
            return r->bad ? 0 : v;
        }
    }
    r->bad = true;
    return 0;
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static int64_t get_signed(struct reader *r, int64_t min, int64_t max)
{
    int64_t v = unzigzag(get_varint(r, UINT64_MAX));
    if (v < min || v > max) {
        r->bad = true;
        return 0;
    }
    return v;
}

static void get_column(struct reader *r, int64_t *v, uint32_t n, int64_t min, int64_t max)
{
    int64_t unit = (int64_t)get_varint(r, UINT32_MAX);
    for (uint32_t i = 0; i < n && !r->bad;) {
        uint64_t token = get_varint(r, UINT64_MAX);
        uint64_t run = (token & 1) ? get_varint(r, n - i) : 1;
        int64_t value;
        if (run == 0 || __builtin_mul_overflow(unzigzag(token >> 1), unit, &value) || value < min ||
            value > max) {
            r->bad = true;
            return;
        }
        for (; run > 0; run--) {
            v[i++] = value;
        }
    }
}

static void get_samples(struct reader *r, struct index_track *t)
{
    uint32_t n = t->n_samples;
    CLEANUP(mem_free_at) int64_t *v = mem_alloc(n + 1, sizeof *v);
    t->samples = mem_alloc(n + 1, sizeof *t->samples);
    get_column(r, v, n, 0, 1);
    for (uint32_t i = 0; i < n; i++) {
        t->samples[i].sync = v[i] != 0;
    }
    get_column(r, v, n, 0, UINT32_MAX);
    for (uint32_t i = 0; i < n; i++) {
        t->samples[i].duration = (uint32_t)v[i];
    }
    get_column(r, v, n, INT32_MIN, INT32_MAX);
    for (uint32_t i = 0; i < n; i++) {
        t->samples[i].composition = (int32_t)v[i];
    }
    get_column(r, v, n, -(int64_t)UINT32_MAX, UINT32_MAX);
    int64_t last[2] = {0, 0};
    for (uint32_t i = 0; i < n && !r->bad; i++) {
        bool sync = t->samples[i].sync;
        last[sync] += v[i];
        r->bad = last[sync] < 0 || last[sync] > UINT32_MAX;
        t->samples[i].size = (uint32_t)last[sync];
    }
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The box goes into headers as it is: its frame must be right, with exactly one entry. */
static bool stsd_is_framed(const uint8_t *p, size_t n)
{
    return n >= STSD_HEAD + 8 && be32(p) == n && memcmp(p + 4, "stsd", 4) == 0 &&
           be32(p + 12) == 1 && be32(p + STSD_HEAD) == n - STSD_HEAD;
}

static void get_codec(struct reader *r, struct index_track *t)
{
    size_t n = get_u8(r);
    const uint8_t *p = get_bytes(r, n);
    if (p == NULL || n == 0 || n >= sizeof t->codec) {
        r->bad = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t c = p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '.' || c == '-';
        r->bad |= !plain;
        t->codec[i] = (char)c;
    }
}

static void get_track(struct reader *r, struct index_track *t)
{
    t->kind = (enum index_kind)get_varint(r, INDEX_AUDIO);
    get_codec(r, t);
    t->timescale = (uint32_t)get_varint(r, UINT32_MAX);
    t->width = (uint16_t)get_varint(r, UINT16_MAX);
    t->height = (uint16_t)get_varint(r, UINT16_MAX);
    for (size_t i = 0; i < 9; i++) {
        t->matrix[i] = (int32_t)get_signed(r, INT32_MIN, INT32_MAX);
    }
    t->channels = (uint16_t)get_varint(r, UINT16_MAX);
    t->sample_rate = (uint32_t)get_varint(r, UINT32_MAX);
    t->stsd_len = (uint32_t)get_varint(r, INDEX_STSD_MAX);
    const uint8_t *stsd = get_bytes(r, t->stsd_len);
    if (stsd == NULL || !stsd_is_framed(stsd, t->stsd_len) || t->timescale == 0) {
        r->bad = true;
        return;
    }
    t->stsd = mem_dup(stsd, t->stsd_len);
    t->n_samples = (uint32_t)get_varint(r, INDEX_SAMPLES_MAX);
    if (!r->bad) {
        get_samples(r, t);
    }
}

/* One fragment's runs: they continue where the last ones ended, and fill the mdat. */
static void get_runs(struct reader *r, const struct index *ix, struct index_fragment *g,
                     uint32_t *next_sample, int64_t *expected)
{
    uint64_t bytes = 8;
    for (uint32_t i = 0; i < ix->n_tracks && !r->bad; i++) {
        const struct index_track *t = &ix->tracks[i];
        struct index_run *run = &g->runs[i];
        run->first_sample = next_sample[i];
        run->n_samples = (uint32_t)get_varint(r, t->n_samples - next_sample[i]);
        run->decode_time = expected[i] + get_signed(r, -TIME_MAX, TIME_MAX);
        next_sample[i] += run->n_samples;
        expected[i] = run_end(t, run);
        r->bad |= run->decode_time < -TIME_MAX || expected[i] > TIME_MAX;
        for (uint32_t s = 0; s < run->n_samples; s++) {
            bytes += t->samples[run->first_sample + s].size;
        }
        if (t->kind == INDEX_VIDEO && run->n_samples > 0) {
            r->bad |= g->key && !t->samples[run->first_sample].sync;
        }
    }
    r->bad |= bytes != g->mdat_bytes;
}

static void get_fragments(struct reader *r, struct index *ix)
{
    uint64_t offset = ix->init_bytes;
    uint32_t next_sample[INDEX_TRACKS_MAX] = {0};
    int64_t start = 0, expected[INDEX_TRACKS_MAX] = {0};
    for (uint32_t f = 0; f < ix->n_fragments && !r->bad; f++) {
        struct index_fragment *g = &ix->fragments[f];
        g->offset = offset + get_varint(r, ix->plain_bytes);
        g->moof_bytes = (uint32_t)get_varint(r, UINT32_MAX);
        g->mdat_bytes = (uint32_t)get_varint(r, UINT32_MAX);
        g->start_90k = start + get_signed(r, -TIME_MAX, TIME_MAX);
        g->duration_90k = (uint32_t)get_varint(r, UINT32_MAX);
        g->key = get_varint(r, 1) != 0;
        const uint8_t *digest = get_bytes(r, SHA256_SIZE);
        if (digest != NULL) {
            memcpy(g->sketch, digest, SHA256_SIZE);
        }
        offset = g->offset + g->moof_bytes + g->mdat_bytes;
        start = g->start_90k + g->duration_90k;
        r->bad |= g->moof_bytes < 8 || offset > ix->plain_bytes || g->start_90k < -TIME_MAX ||
                  start > TIME_MAX;
        get_runs(r, ix, g, next_sample, expected);
    }
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        r->bad |= next_sample[t] != ix->tracks[t].n_samples;
    }
}

int index_decode(const uint8_t *p, size_t n, struct index *ret_index)
{
    if (n > INDEX_BYTES_MAX) {
        return -EBADMSG;
    }
    struct reader r = {.p = p, .end = p + n};
    struct index ix = {0};
    r.bad = get_u8(&r) != VERSION;
    ix.init_bytes = (uint32_t)get_varint(&r, UINT32_MAX);
    ix.plain_bytes = get_varint(&r, (uint64_t)TIME_MAX);
    ix.zero_90k = get_signed(&r, 0, TIME_MAX);
    ix.duration_90k = (uint32_t)get_varint(&r, UINT32_MAX);
    ix.n_tracks = (uint32_t)get_varint(&r, INDEX_TRACKS_MAX);
    ix.n_fragments = (uint32_t)get_varint(&r, INDEX_FRAGMENTS_MAX);
    r.bad |= ix.n_tracks == 0 || ix.n_fragments == 0 || ix.init_bytes > ix.plain_bytes;
    for (uint32_t t = 0; t < ix.n_tracks && !r.bad; t++) {
        get_track(&r, &ix.tracks[t]);
    }
    if (!r.bad) {
        ix.fragments = mem_alloc(ix.n_fragments, sizeof *ix.fragments);
        get_fragments(&r, &ix);
    }
    if (r.bad || r.p != r.end) {
        index_finish(&ix);
        return -EBADMSG;
    }
    *ret_index = ix;
    return 0;
}

int index_encode_tracks(const struct index *ix, struct buf *out)
{
    if (ix->n_tracks > INDEX_TRACKS_MAX) {
        return -E2BIG;
    }
    buf_u8(out, VERSION);
    put_varint(out, ix->n_tracks);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        struct index_track bare = ix->tracks[t];
        bare.n_samples = 0;
        bare.samples = NULL;
        int r = put_track(out, &bare);
        if (r < 0) {
            return r;
        }
    }
    return out->overflow ? -E2BIG : 0;
}

int index_decode_tracks(const uint8_t *p, size_t n, struct index *ret_index)
{
    struct reader r = {.p = p, .end = p + n};
    struct index ix = {0};
    r.bad = n > INDEX_BYTES_MAX || get_u8(&r) != VERSION;
    ix.n_tracks = (uint32_t)get_varint(&r, INDEX_TRACKS_MAX);
    r.bad |= ix.n_tracks == 0;
    for (uint32_t t = 0; t < ix.n_tracks && !r.bad; t++) {
        get_track(&r, &ix.tracks[t]);
        r.bad |= ix.tracks[t].n_samples != 0;
    }
    if (r.bad || r.p != r.end) {
        index_finish(&ix);
        return -EBADMSG;
    }
    *ret_index = ix;
    return 0;
}

void index_finish(struct index *ix)
{
    for (uint32_t t = 0; t < INDEX_TRACKS_MAX; t++) {
        free(ix->tracks[t].stsd);
        free(ix->tracks[t].samples);
    }
    free(ix->fragments);
    *ix = (struct index){0};
}

/* ---- cutting ---- */

static void cut_track(const struct index *ix, uint32_t t, uint32_t first, uint32_t n,
                      struct index_track *ret_track)
{
    const struct index_run *a = &ix->fragments[first].runs[t];
    const struct index_run *z = &ix->fragments[first + n - 1].runs[t];
    uint32_t samples = z->first_sample + z->n_samples - a->first_sample;
    *ret_track = ix->tracks[t];
    ret_track->stsd = mem_dup(ix->tracks[t].stsd, ix->tracks[t].stsd_len);
    ret_track->n_samples = samples;
    ret_track->samples = mem_alloc(samples + 1, sizeof *ret_track->samples);
    if (samples > 0) {
        memcpy(ret_track->samples, ix->tracks[t].samples + a->first_sample,
               samples * sizeof *ret_track->samples);
    }
}

int index_cut(const struct index *ix, uint32_t first, uint32_t n, struct index *ret_cut)
{
    if (n == 0 || first > ix->n_fragments || n > ix->n_fragments - first) {
        return -EINVAL;
    }
    struct index cut = {.init_bytes = ix->init_bytes,
                        .zero_90k = ix->zero_90k,
                        .n_tracks = ix->n_tracks,
                        .n_fragments = n};
    cut.fragments = mem_dup(ix->fragments + first, n * sizeof *cut.fragments);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        cut_track(ix, t, first, n, &cut.tracks[t]);
    }
    uint64_t offset = ix->init_bytes;
    int64_t end = cut.fragments[0].start_90k;
    for (uint32_t f = 0; f < n; f++) {
        struct index_fragment *g = &cut.fragments[f];
        g->offset = offset;
        offset += (uint64_t)g->moof_bytes + g->mdat_bytes;
        end = g->start_90k + g->duration_90k > end ? g->start_90k + g->duration_90k : end;
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            g->runs[t].first_sample -= ix->fragments[first].runs[t].first_sample;
        }
    }
    cut.plain_bytes = offset;
    int64_t span = end - cut.fragments[0].start_90k;
    cut.duration_90k = span > UINT32_MAX ? UINT32_MAX : (uint32_t)span;
    *ret_cut = cut;
    return 0;
}
