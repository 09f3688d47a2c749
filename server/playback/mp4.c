/* SPDX-License-Identifier: Apache-2.0 */
/* Tracks are gathered first (mp4_track.h), then the boxes are written around their tables. Each run
 * of a fragment becomes one chunk, so a reader that plays in order reads in order. */
#include "playback/mp4.h"

#include "base/clock.h"
#include "playback/mp4_box.h"
#include "playback/mp4_track.h"

#include <errno.h>
#include <string.h>

enum { UNITY = 0x10000, UNITY_W = 0x40000000 };
#define EPOCH_1904_S 2082844800

struct mp4_builder {
    int64_t start_us, end_90k;
    struct mp4_track tracks[INDEX_TRACKS_MAX];
    uint32_t n_tracks;
    uint64_t samples, payload_bytes;
    bool wide;                /* 64-bit chunk offsets and mdat */
    struct mp4_slice *slices; /* owned; `at` relative to the payload */
    uint32_t n_slices, cap_slices;
};

/* ---- gathering ---- */

struct mp4_builder *mp4_begin(int64_t start_us, int64_t end_90k)
{
    struct mp4_builder *b = mem_new(struct mp4_builder);
    b->start_us = start_us;
    b->end_90k = end_90k;
    return b;
}

struct mp4_builder *mp4_cancel(struct mp4_builder *b)
{
    if (b != NULL) {
        for (uint32_t i = 0; i < b->n_tracks; i++) {
            mp4_track_finish(&b->tracks[i]);
        }
        free(b->slices);
        free(b);
    }
    return NULL;
}

/* The movie's track that goes on with this one, or NULL; ret_ordinal: among those of its kind. */
static struct mp4_track *find_track(struct mp4_builder *b, const struct index *ix, uint32_t track,
                                    unsigned *ret_ordinal)
{
    enum index_kind kind = ix->tracks[track].kind;
    unsigned ordinal = 0;
    for (uint32_t t = 0; t < track; t++) {
        ordinal += ix->tracks[t].kind == kind;
    }
    *ret_ordinal = ordinal;
    for (uint32_t i = 0; i < b->n_tracks; i++) {
        if (b->tracks[i].kind == kind && b->tracks[i].ordinal == ordinal) {
            return &b->tracks[i];
        }
    }
    return NULL;
}

/* NULL when there are too many. */
static struct mp4_track *have_track(struct mp4_builder *b, const struct index *ix, uint32_t track)
{
    unsigned ordinal;
    struct mp4_track *t = find_track(b, ix, track, &ordinal);
    if (t == NULL && b->n_tracks < INDEX_TRACKS_MAX) {
        t = &b->tracks[b->n_tracks++];
        mp4_track_init(t, &ix->tracks[track], ordinal, MP4_HEADER_MAX);
    }
    return t;
}

/* Which samples of a run are kept. */
struct kept {
    uint32_t first, n; /* of the track's samples */
    int64_t decode_time;
    uint64_t skip_bytes, bytes, run_bytes;
};

/* The ends of a film and what is hidden beside a take, on a track's own time line. */
struct bounds {
    int64_t low, high, end;
};

static int64_t bound(int64_t t_90k, int64_t base_90k, uint32_t timescale)
{
    return t_90k == INT64_MIN || t_90k == INT64_MAX
               ? t_90k
               : mp4_rescale(t_90k - base_90k, CLOCK_90K, timescale);
}

/* Sounds are dropped wherever they lie outside. Of pictures each may need the ones before it: what
 * follows the first that reaches into something hidden goes, and what follows the last one that is
 * shown. */
static struct kept keep_samples(const struct index_track *k, const struct index_run *run,
                                const struct bounds *o)
{
    struct kept r = {.first = run->first_sample, .decode_time = run->decode_time};
    int64_t decode = run->decode_time;
    bool video = k->kind == INDEX_VIDEO, over = false;
    uint64_t after = 0; /* bytes kept only if something shown follows */
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < run->n_samples; i++) {
        const struct index_sample *s = &k->samples[run->first_sample + i];
        int64_t at = decode + s->composition;
        decode += s->duration;
        r.run_bytes += s->size;
        if (!video && r.n == 0 && at < o->low) {
            r.first++;
            r.decode_time = decode;
            r.skip_bytes += s->size;
            continue;
        }
        over |= at + s->duration > o->high && o->high != INT64_MAX;
        waiting += over ? 0 : 1;
        after += over ? 0 : s->size;
        if (at < o->end && !over) {
            r.n += waiting;
            r.bytes += after;
            waiting = 0;
            after = 0;
        }
    }
    return r;
}

/* Where another recording takes over, the sound that primes its decoder is not laid over the sound
 * that is there: it begins where that ends. */
static int64_t sound_begins(struct mp4_builder *b, const struct mp4_addition *a,
                            const struct take *take, uint32_t track)
{
    unsigned ordinal;
    const struct index_track *k = &a->index->tracks[track];
    const struct mp4_track *t = find_track(b, a->index, track, &ordinal);
    int64_t end = t != NULL ? mp4_track_end_of(t) : INT64_MIN;
    if (k->kind != INDEX_AUDIO || end == INT64_MIN ||
        (take->joined && !a->segment->new_recording)) {
        return INT64_MIN;
    }
    end -= mp4_rescale(a->segment->base_90k, CLOCK_90K, t->timescale) + t->last_duration / 2;
    return mp4_rescale(end, t->timescale, k->timescale);
}

static void add_slice(struct mp4_builder *b, uint32_t segment, uint64_t offset, uint64_t length)
{
    struct mp4_slice *last = b->n_slices > 0 ? &b->slices[b->n_slices - 1] : NULL;
    if (length == 0) {
        return;
    }
    if (last != NULL && last->segment == segment && last->offset + last->length == offset) {
        last->length += (uint32_t)length;
    } else {
        if (b->n_slices == b->cap_slices) {
            b->cap_slices = b->cap_slices == 0 ? 64 : b->cap_slices * 2;
            b->slices = mem_resize(b->slices, b->cap_slices, sizeof *b->slices);
        }
        b->slices[b->n_slices++] = (struct mp4_slice){.at = b->payload_bytes,
                                                      .offset = offset,
                                                      .length = (uint32_t)length,
                                                      .segment = segment};
    }
    b->payload_bytes += length;
}

static int add_run(struct mp4_builder *b, const struct mp4_addition *a, uint32_t track,
                   const struct kept *kept)
{
    const struct index_track *k = &a->index->tracks[track];
    struct mp4_track *t = have_track(b, a->index, track);
    struct mp4_chunk c = {.at = b->payload_bytes,
                          .first = kept->first,
                          .n = kept->n,
                          .decode_time = kept->decode_time,
                          .base_90k = a->segment->base_90k};
    if (t == NULL) {
        return 0;
    }
    b->samples += kept->n;
    if (b->samples > MP4_SAMPLES_MAX) {
        return -E2BIG;
    }
    int r = mp4_track_describe(t, k, &c.description);
    if (r == 0) {
        mp4_track_add(t, k, &c);
    }
    return r;
}

static int add_fragment(struct mp4_builder *b, const struct mp4_addition *a,
                        const struct take *take, uint32_t fragment)
{
    const struct index *ix = a->index;
    const struct index_fragment *g = &ix->fragments[fragment];
    uint64_t offset = g->offset + g->moof_bytes + MDAT_HEADER;
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        uint32_t scale = ix->tracks[t].timescale;
        int64_t base = a->segment->base_90k;
        int64_t low = bound(take->low_90k, base, scale), after = sound_begins(b, a, take, t);
        const struct bounds o = {.low = low > after ? low : after,
                                 .high = bound(take->high_90k, base, scale),
                                 .end = bound(b->end_90k, base, scale)};
        struct kept kept = keep_samples(&ix->tracks[t], &g->runs[t], &o);
        if (kept.n > 0) {
            int r = add_run(b, a, t, &kept);
            if (r < 0) {
                return r;
            }
            add_slice(b, a->number, offset + kept.skip_bytes, kept.bytes);
        }
        offset += kept.run_bytes;
    }
    return 0;
}

int mp4_add(struct mp4_builder *b, const struct mp4_addition *a)
{
    for (uint32_t i = 0; i < a->segment->n; i++) {
        const struct take *take = &a->segment->takes[i];
        for (uint32_t f = take->first; f < take->first + take->n; f++) {
            int r = add_fragment(b, a, take, f);
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

/* ---- writing ---- */

static void write_ftyp(struct buf *b)
{
    size_t ftyp = box_open(b, "ftyp");
    buf_str(b, "isom");
    buf_be32(b, 0x200);
    buf_str(b, "isomiso2avc1mp41");
    box_close(b, ftyp);
}

static void write_matrix(struct buf *b, const int32_t *matrix)
{
    static const int32_t plain[9] = {UNITY, 0, 0, 0, UNITY, 0, 0, 0, UNITY_W};
    static const int32_t none[9] = {0};
    if (matrix == NULL || memcmp(matrix, none, sizeof none) == 0) {
        matrix = plain;
    }
    for (size_t i = 0; i < 9; i++) {
        buf_be32(b, (uint32_t)matrix[i]);
    }
}

/* Seconds since 1904, or 0 (unknown) outside what 32 bits hold. */
static uint32_t creation_time(int64_t start_us)
{
    int64_t s = start_us / 1000000 + EPOCH_1904_S;
    return s > 0 && s <= UINT32_MAX ? (uint32_t)s : 0;
}

static void write_mvhd(struct buf *b, const struct mp4_builder *m)
{
    uint64_t duration = 0;
    for (uint32_t t = 0; t < m->n_tracks; t++) {
        uint64_t d = m->tracks[t].wait_90k + m->tracks[t].shown_90k;
        duration = d > duration ? d : duration;
    }
    bool v1 = duration >= UINT32_MAX;
    uint32_t created = creation_time(m->start_us);
    size_t mvhd = box_open_full(b, "mvhd", v1, 0);
    box_number(b, v1, created);
    box_number(b, v1, created);
    buf_be32(b, CLOCK_90K);
    box_number(b, v1, duration);
    buf_be32(b, UNITY); /* rate */
    buf_be16(b, 0x100); /* volume */
    box_zeros(b, 10);
    write_matrix(b, NULL);
    box_zeros(b, 24);
    buf_be32(b, m->n_tracks + 1); /* next track id */
    box_close(b, mvhd);
}

static void write_tkhd(struct buf *b, const struct mp4_builder *m, const struct mp4_track *t,
                       uint32_t id)
{
    uint64_t duration = t->wait_90k + t->shown_90k;
    bool v1 = duration >= UINT32_MAX;
    uint32_t created = creation_time(m->start_us);
    size_t tkhd = box_open_full(b, "tkhd", v1, 3); /* enabled, in the movie */
    box_number(b, v1, created);
    box_number(b, v1, created);
    buf_be32(b, id);
    buf_be32(b, 0);
    box_number(b, v1, duration);
    box_zeros(b, 12);
    buf_be16(b, t->kind == INDEX_AUDIO ? 0x100 : 0); /* volume */
    buf_be16(b, 0);
    write_matrix(b, t->kind == INDEX_VIDEO ? t->matrix : NULL);
    buf_be32(b, (uint32_t)t->width << 16);
    buf_be32(b, (uint32_t)t->height << 16);
    box_close(b, tkhd);
}

static void write_edit(struct buf *b, bool v1, uint64_t duration, int64_t media_time)
{
    box_number(b, v1, duration);
    box_number(b, v1, (uint64_t)media_time);
    buf_be32(b, UNITY); /* rate */
}

static void write_edts(struct buf *b, const struct mp4_track *t)
{
    bool v1 = t->wait_90k > INT32_MAX || t->shown_90k > INT32_MAX || t->media_time > INT32_MAX;
    size_t edts = box_open(b, "edts");
    size_t elst = box_open_full(b, "elst", v1, 0);
    buf_be32(b, t->wait_90k > 0 ? 2 : 1);
    if (t->wait_90k > 0) {
        write_edit(b, v1, t->wait_90k, -1); /* nothing for that long */
    }
    write_edit(b, v1, t->shown_90k, t->media_time);
    box_close(b, elst);
    box_close(b, edts);
}

static void write_mdhd(struct buf *b, const struct mp4_builder *m, const struct mp4_track *t)
{
    uint64_t duration = (uint64_t)t->position;
    bool v1 = duration >= UINT32_MAX;
    uint32_t created = creation_time(m->start_us);
    size_t mdhd = box_open_full(b, "mdhd", v1, 0);
    box_number(b, v1, created);
    box_number(b, v1, created);
    buf_be32(b, t->timescale);
    box_number(b, v1, duration);
    buf_be16(b, 0x55c4); /* language: und */
    buf_be16(b, 0);
    box_close(b, mdhd);
}

static void write_handler(struct buf *b, const struct mp4_track *t)
{
    size_t hdlr = box_open_full(b, "hdlr", 0, 0);
    buf_be32(b, 0);
    buf_str(b, t->kind == INDEX_VIDEO ? "vide" : "soun");
    box_zeros(b, 12);
    buf_str(b, t->kind == INDEX_VIDEO ? "Picture" : "Sound");
    buf_u8(b, 0);
    box_close(b, hdlr);
}

static void write_media_header(struct buf *b, const struct mp4_track *t)
{
    bool video = t->kind == INDEX_VIDEO;
    size_t head = box_open_full(b, video ? "vmhd" : "smhd", 0, video ? 1 : 0);
    box_zeros(b, video ? 8 : 4);
    box_close(b, head);
    size_t dinf = box_open(b, "dinf");
    size_t dref = box_open_full(b, "dref", 0, 0);
    buf_be32(b, 1);
    size_t url = box_open_full(b, "url ", 0, 1); /* in this file */
    box_close(b, url);
    box_close(b, dref);
    box_close(b, dinf);
}

static void write_table(struct buf *b, const char *type, uint32_t n, const struct buf *rows)
{
    size_t box = box_open_full(b, type, 0, 0);
    buf_be32(b, n);
    buf_append(b, rows->data, rows->len);
    box_close(b, box);
}

static void write_stsd(struct buf *b, const struct mp4_track *t)
{
    size_t stsd = box_open_full(b, "stsd", 0, 0);
    buf_be32(b, t->n_descriptions);
    for (uint32_t i = 0; i < t->n_descriptions; i++) {
        buf_append(b, t->descriptions[i].entry, t->descriptions[i].len);
    }
    box_close(b, stsd);
}

/* Room for the chunk offsets; returns where the first goes. */
static size_t write_offset_room(struct buf *b, const struct mp4_builder *m,
                                const struct mp4_track *t)
{
    size_t box = box_open_full(b, m->wide ? "co64" : "stco", 0, 0);
    buf_be32(b, t->n_chunks);
    size_t where = b->len;
    box_zeros(b, (size_t)t->n_chunks * (m->wide ? 8 : 4));
    box_close(b, box);
    return where;
}

static size_t write_stbl(struct buf *b, const struct mp4_builder *m, const struct mp4_track *t)
{
    size_t stbl = box_open(b, "stbl");
    write_stsd(b, t);
    write_table(b, "stts", t->stts.n, &t->stts.b);
    if (t->ctts.n > 1 || t->ctts.value != 0) {
        write_table(b, "ctts", t->ctts.n, &t->ctts.b);
    }
    if (t->kind == INDEX_VIDEO && t->n_sync < t->n_samples) {
        write_table(b, "stss", t->n_sync, &t->stss);
    }
    write_table(b, "stsc", t->n_stsc, &t->stsc);
    size_t stsz = box_open_full(b, "stsz", 0, 0);
    buf_be32(b, 0);
    buf_be32(b, t->n_samples);
    buf_append(b, t->stsz.data, t->stsz.len);
    box_close(b, stsz);
    size_t where = write_offset_room(b, m, t);
    box_close(b, stbl);
    return where;
}

static size_t write_trak(struct buf *b, const struct mp4_builder *m, const struct mp4_track *t,
                         uint32_t id)
{
    size_t trak = box_open(b, "trak");
    write_tkhd(b, m, t, id);
    write_edts(b, t);
    size_t mdia = box_open(b, "mdia");
    write_mdhd(b, m, t);
    write_handler(b, t);
    size_t minf = box_open(b, "minf");
    write_media_header(b, t);
    size_t where = write_stbl(b, m, t);
    box_close(b, minf);
    box_close(b, mdia);
    box_close(b, trak);
    return where;
}

static void move_offsets(struct buf *b, const struct mp4_builder *m, const struct mp4_track *t,
                         size_t where)
{
    for (uint32_t i = 0; i < t->n_chunks; i++) {
        uint64_t at = box_read_be64(t->offsets.data + (size_t)i * 8) + b->len;
        if (m->wide) {
            box_write_be64(b->data + where + (size_t)i * 8, at);
        } else {
            box_write_be32(b->data + where + (size_t)i * 4, (uint32_t)at);
        }
    }
}

static int write_header(const struct mp4_builder *m, struct buf *b)
{
    size_t where[INDEX_TRACKS_MAX];
    write_ftyp(b);
    size_t moov = box_open(b, "moov");
    write_mvhd(b, m);
    for (uint32_t t = 0; t < m->n_tracks; t++) {
        where[t] = write_trak(b, m, &m->tracks[t], t + 1);
    }
    box_close(b, moov);
    buf_be32(b, m->wide ? 1 : (uint32_t)(m->payload_bytes + MDAT_HEADER));
    buf_str(b, "mdat");
    if (m->wide) {
        buf_be64(b, m->payload_bytes + MDAT_HEADER + 8);
    }
    if (b->overflow) {
        return -E2BIG;
    }
    for (uint32_t t = 0; t < m->n_tracks; t++) {
        move_offsets(b, m, &m->tracks[t], where[t]);
    }
    return 0;
}

/* ---- the whole ---- */

static int end_tracks(struct mp4_builder *b)
{
    int r = 0;
    for (uint32_t i = 0; i < b->n_tracks && r == 0; i++) {
        r = mp4_track_end(&b->tracks[i], b->end_90k);
    }
    b->wide = b->payload_bytes + MP4_HEADER_MAX > UINT32_MAX;
    return r;
}

int mp4_end(struct mp4_builder *b, struct mp4 *ret_mp4)
{
    struct buf header = BUF_INIT(MP4_HEADER_MAX);
    int r = end_tracks(b);
    r = r < 0 ? r : write_header(b, &header);
    if (r < 0) {
        buf_finish(&header);
        mp4_cancel(b);
        return r;
    }
    struct mp4 out = {.header_bytes = header.len,
                      .size_bytes = header.len + b->payload_bytes,
                      .n_slices = b->n_slices,
                      .slices = b->slices};
    for (uint32_t i = 0; i < out.n_slices; i++) {
        out.slices[i].at += header.len;
    }
    b->slices = NULL;
    out.header = buf_take(&header);
    *ret_mp4 = out;
    mp4_cancel(b);
    return 0;
}

int mp4_init(const struct mp4_params *p, struct mp4 *ret_mp4)
{
    struct mp4_builder *b = mp4_begin(p->start_us, INT64_MAX);
    for (size_t s = 0; s < p->n_segments; s++) {
        struct take_segment all;
        take_all(p->segments[s], p->segments[0]->zero_90k, &all);
        int r = mp4_add(b, &(struct mp4_addition){
                               .number = (uint32_t)s, .index = p->segments[s], .segment = &all});
        if (r < 0) {
            mp4_cancel(b);
            return r;
        }
    }
    return mp4_end(b, ret_mp4);
}

void mp4_finish(struct mp4 *m)
{
    free(m->header);
    free(m->slices);
    *m = (struct mp4){0};
}

uint32_t mp4_slice_at(const struct mp4 *m, uint64_t at)
{
    uint32_t low = 0, high = m->n_slices;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (m->slices[mid].at <= at) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return low;
}
