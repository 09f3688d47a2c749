/* SPDX-License-Identifier: Apache-2.0 */
/* A track is gathered first (struct track: its tables as coded bytes, its times), then the boxes
 * are written around the tables. Chunk offsets are gathered relative to the first payload byte and
 * moved once the header's size is known. Each run of a fragment becomes one chunk, so a reader that
 * plays in order reads in order. */
#include "playback/mp4.h"

#include "playback/mp4_box.h"

#include <errno.h>
#include <string.h>

enum { MOVIE_TIMESCALE = 90000, UNITY = 0x10000, UNITY_W = 0x40000000 };
#define EPOCH_1904_S 2082844800

/* A table of (count, value) pairs. */
struct pairs {
    struct buf b;
    uint32_t n, count, value;
};

struct track {
    const struct index_track *model; /* the first segment's that has it */
    enum index_kind kind;
    unsigned ordinal; /* among the tracks of its kind */
    uint32_t n_samples, n_chunks, n_sync, n_stsc, n_descriptions;
    struct {
        const uint8_t *entry; /* borrowed from an index */
        uint32_t len;
    } descriptions[MP4_DESCRIPTIONS_MAX];
    uint32_t stsc_samples, stsc_description; /* last one written */
    struct pairs stts, ctts;
    struct buf stss, stsc, stsz, offsets; /* offsets: 64 bits each, relative to the payload */
    /* Media time, track timescale; 0 = decode time of the first sample. */
    int64_t first_decode, position, shift; /* shift makes every composition offset >= 0 */
    int64_t pts_min, pts_max_end;
    uint32_t last_duration;
    /* Movie time. */
    uint64_t wait_90k, shown_90k;
    int64_t media_time;
};

struct movie {
    const struct mp4_params *p;
    int64_t zero_90k; /* of the first segment */
    struct track tracks[INDEX_TRACKS_MAX];
    uint32_t n_tracks;
    uint64_t payload_bytes;
    bool wide; /* 64-bit chunk offsets and mdat */
};

static int64_t rescale(int64_t v, uint32_t from, uint32_t to)
{
    if (from == to) {
        return v;
    }
    __int128 x = (__int128)v * to;
    x = (x + (x < 0 ? -(int64_t)(from / 2) : (int64_t)(from / 2))) / from;
    return x > INT64_MAX / 8 ? INT64_MAX / 8 : x < INT64_MIN / 8 ? INT64_MIN / 8 : (int64_t)x;
}

static void pairs_flush(struct pairs *t)
{
    if (t->count > 0) {
        buf_be32(&t->b, t->count);
        buf_be32(&t->b, t->value);
        t->n++;
        t->count = 0;
    }
}

static void pairs_add(struct pairs *t, uint32_t value)
{
    if (t->count > 0 && t->value != value) {
        pairs_flush(t);
    }
    t->value = value;
    t->count++;
}

/* ---- gathering ---- */

/* The segment's track that continues this one, or -1. */
static int find_track(const struct index *ix, enum index_kind kind, unsigned ordinal)
{
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        if (ix->tracks[t].kind == kind && ordinal-- == 0) {
            return (int)t;
        }
    }
    return -1;
}

static void list_tracks(struct movie *m)
{
    for (size_t s = 0; s < m->p->n_segments; s++) {
        const struct index *ix = m->p->segments[s];
        unsigned ordinals[2] = {0};
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            enum index_kind kind = ix->tracks[t].kind;
            unsigned ordinal = ordinals[kind]++;
            bool known = false;
            for (uint32_t i = 0; i < m->n_tracks; i++) {
                known |= m->tracks[i].kind == kind && m->tracks[i].ordinal == ordinal;
            }
            if (!known && ix->tracks[t].n_samples > 0 && m->n_tracks < INDEX_TRACKS_MAX) {
                m->tracks[m->n_tracks++] =
                    (struct track){.model = &ix->tracks[t], .kind = kind, .ordinal = ordinal};
            }
        }
    }
}

static int describe(struct track *t, const struct index_track *from, uint32_t *ret_index)
{
    const uint8_t *entry = from->stsd + STSD_ENTRIES;
    uint32_t len = from->stsd_len - STSD_ENTRIES;
    for (uint32_t i = 0; i < t->n_descriptions; i++) {
        if (t->descriptions[i].len == len && memcmp(t->descriptions[i].entry, entry, len) == 0) {
            *ret_index = i + 1;
            return 0;
        }
    }
    if (t->n_descriptions == MP4_DESCRIPTIONS_MAX) {
        return -E2BIG;
    }
    t->descriptions[t->n_descriptions].entry = entry;
    t->descriptions[t->n_descriptions].len = len;
    *ret_index = ++t->n_descriptions;
    return 0;
}

/* Decode time of this sample closes the one before. Rounding between segments (up to a
 * millisecond) is not written down; since positions are compared with absolute time, it never adds
 * up. */
static void add_time(struct track *t, int64_t decode)
{
    if (t->n_samples == 0) {
        t->first_decode = decode;
        return;
    }
    int64_t delta = decode - t->first_decode - t->position;
    int64_t off = delta - t->last_duration;
    int64_t slack = t->model->timescale / 1000 + 1;
    if (off >= -slack && off <= slack) {
        delta = t->last_duration;
    }
    delta = delta < 0 ? 0 : delta > UINT32_MAX ? UINT32_MAX : delta;
    pairs_add(&t->stts, (uint32_t)delta);
    t->position += delta;
}

static void add_sample(struct track *t, const struct index_sample *s, int64_t decode,
                       int64_t composition, uint32_t duration)
{
    add_time(t, decode);
    int64_t pts = t->position + composition + t->shift;
    if (t->n_samples == 0 || pts < t->pts_min) {
        t->pts_min = pts;
    }
    if (pts + duration > t->pts_max_end) {
        t->pts_max_end = pts + duration;
    }
    t->n_samples++;
    t->last_duration = duration;
    pairs_add(&t->ctts, (uint32_t)(composition + t->shift));
    buf_be32(&t->stsz, s->size);
    if (s->sync) {
        buf_be32(&t->stss, t->n_samples);
        t->n_sync++;
    }
}

static uint64_t run_bytes(const struct index *ix, uint32_t fragment, uint32_t track)
{
    const struct index_run *r = &ix->fragments[fragment].runs[track];
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < r->n_samples; i++) {
        bytes += ix->tracks[track].samples[r->first_sample + i].size;
    }
    return bytes;
}

static void add_chunk(struct track *t, uint64_t at, uint32_t n_samples, uint32_t description)
{
    buf_be64(&t->offsets, at);
    t->n_chunks++;
    if (t->stsc_samples != n_samples || t->stsc_description != description) {
        buf_be32(&t->stsc, t->n_chunks);
        buf_be32(&t->stsc, n_samples);
        buf_be32(&t->stsc, description);
        t->n_stsc++;
        t->stsc_samples = n_samples;
        t->stsc_description = description;
    }
}

static void add_run(struct track *t, const struct index_track *from, const struct index_run *r,
                    int64_t base)
{
    uint32_t scale = t->model->timescale;
    int64_t decode = r->decode_time;
    for (uint32_t i = 0; i < r->n_samples; i++) {
        const struct index_sample *s = &from->samples[r->first_sample + i];
        int64_t duration = rescale(s->duration, from->timescale, scale);
        add_sample(t, s, base + rescale(decode, from->timescale, scale),
                   rescale(s->composition, from->timescale, scale),
                   duration > UINT32_MAX ? UINT32_MAX : (uint32_t)duration);
        decode += s->duration;
    }
}

/* All runs of one track of one segment; at: the segment's first payload byte. */
static int add_segment(struct movie *m, struct track *t, const struct index *ix, uint64_t at)
{
    int which = find_track(ix, t->kind, t->ordinal);
    if (which < 0 || ix->tracks[which].n_samples == 0) {
        return 0;
    }
    uint32_t description;
    int r = describe(t, &ix->tracks[which], &description);
    if (r < 0) {
        return r;
    }
    int64_t base = rescale(ix->zero_90k - m->zero_90k, MOVIE_TIMESCALE, t->model->timescale);
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_run *run = &ix->fragments[f].runs[which];
        if (run->n_samples > 0) {
            uint64_t before = 0;
            for (uint32_t other = 0; other < (uint32_t)which; other++) {
                before += run_bytes(ix, f, other);
            }
            add_chunk(t, at + before, run->n_samples, description);
            add_run(t, &ix->tracks[which], run, base);
        }
        at += ix->fragments[f].mdat_bytes - MDAT_HEADER;
    }
    return 0;
}

static void find_shift(const struct movie *m, struct track *t)
{
    int64_t min = 0;
    for (size_t s = 0; s < m->p->n_segments; s++) {
        const struct index *ix = m->p->segments[s];
        int which = find_track(ix, t->kind, t->ordinal);
        for (uint32_t i = 0; which >= 0 && i < ix->tracks[which].n_samples; i++) {
            int64_t c = rescale(ix->tracks[which].samples[i].composition,
                                ix->tracks[which].timescale, t->model->timescale);
            min = c < min ? c : min;
        }
    }
    t->shift = -min;
}

/* Where the track's presentation begins, in its own time and in the movie's. */
static void place(struct track *t)
{
    uint32_t scale = t->model->timescale;
    int64_t start = -t->first_decode + t->shift; /* the movie's zero on the track's time line */
    int64_t early = start - t->pts_min;
    if (early <= 0) {
        t->wait_90k = (uint64_t)rescale(-early, scale, MOVIE_TIMESCALE);
        t->media_time = t->pts_min;
    } else {
        /* A fraction of the first picture is rounding, not something to skip. */
        int64_t picture = t->kind == INDEX_VIDEO ? t->model->samples[0].duration : 0;
        t->media_time = early < picture / 2 ? t->pts_min : start;
    }
    int64_t shown = t->pts_max_end - t->media_time;
    t->shown_90k = shown > 0 ? (uint64_t)rescale(shown, scale, MOVIE_TIMESCALE) : 0;
}

static int gather_track(struct movie *m, struct track *t)
{
    struct buf *all[] = {&t->stts.b, &t->ctts.b, &t->stss, &t->stsc, &t->stsz, &t->offsets};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        all[i]->max = MP4_HEADER_MAX;
    }
    find_shift(m, t);
    uint64_t at = 0;
    for (size_t s = 0; s < m->p->n_segments; s++) {
        const struct index *ix = m->p->segments[s];
        int r = add_segment(m, t, ix, at);
        if (r < 0) {
            return r;
        }
        for (uint32_t f = 0; f < ix->n_fragments; f++) {
            at += ix->fragments[f].mdat_bytes - MDAT_HEADER;
        }
    }
    pairs_add(&t->stts, t->last_duration);
    t->position += t->last_duration;
    pairs_flush(&t->stts);
    pairs_flush(&t->ctts);
    place(t);
    bool overflow = false;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        overflow |= all[i]->overflow;
    }
    return overflow ? -E2BIG : 0;
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

static void write_mvhd(struct buf *b, const struct movie *m)
{
    uint64_t duration = 0;
    for (uint32_t t = 0; t < m->n_tracks; t++) {
        uint64_t d = m->tracks[t].wait_90k + m->tracks[t].shown_90k;
        duration = d > duration ? d : duration;
    }
    bool v1 = duration >= UINT32_MAX;
    uint32_t created = creation_time(m->p->start_us);
    size_t mvhd = box_open_full(b, "mvhd", v1, 0);
    box_number(b, v1, created);
    box_number(b, v1, created);
    buf_be32(b, MOVIE_TIMESCALE);
    box_number(b, v1, duration);
    buf_be32(b, UNITY); /* rate */
    buf_be16(b, 0x100); /* volume */
    box_zeros(b, 10);
    write_matrix(b, NULL);
    box_zeros(b, 24);
    buf_be32(b, m->n_tracks + 1); /* next track id */
    box_close(b, mvhd);
}

static void write_tkhd(struct buf *b, const struct movie *m, const struct track *t, uint32_t id)
{
    uint64_t duration = t->wait_90k + t->shown_90k;
    bool v1 = duration >= UINT32_MAX;
    uint32_t created = creation_time(m->p->start_us);
    size_t tkhd = box_open_full(b, "tkhd", v1, 3); /* enabled, in the movie */
    box_number(b, v1, created);
    box_number(b, v1, created);
    buf_be32(b, id);
    buf_be32(b, 0);
    box_number(b, v1, duration);
    box_zeros(b, 12);
    buf_be16(b, t->kind == INDEX_AUDIO ? 0x100 : 0); /* volume */
    buf_be16(b, 0);
    write_matrix(b, t->kind == INDEX_VIDEO ? t->model->matrix : NULL);
    buf_be32(b, (uint32_t)t->model->width << 16);
    buf_be32(b, (uint32_t)t->model->height << 16);
    box_close(b, tkhd);
}

static void write_edit(struct buf *b, bool v1, uint64_t duration, int64_t media_time)
{
    box_number(b, v1, duration);
    box_number(b, v1, (uint64_t)media_time);
    buf_be32(b, UNITY); /* rate */
}

static void write_edts(struct buf *b, const struct track *t)
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

static void write_mdhd(struct buf *b, const struct movie *m, const struct track *t)
{
    uint64_t duration = (uint64_t)t->position;
    bool v1 = duration >= UINT32_MAX;
    uint32_t created = creation_time(m->p->start_us);
    size_t mdhd = box_open_full(b, "mdhd", v1, 0);
    box_number(b, v1, created);
    box_number(b, v1, created);
    buf_be32(b, t->model->timescale);
    box_number(b, v1, duration);
    buf_be16(b, 0x55c4); /* language: und */
    buf_be16(b, 0);
    box_close(b, mdhd);
}

static void write_handler(struct buf *b, const struct track *t)
{
    size_t hdlr = box_open_full(b, "hdlr", 0, 0);
    buf_be32(b, 0);
    buf_str(b, t->kind == INDEX_VIDEO ? "vide" : "soun");
    box_zeros(b, 12);
    buf_str(b, t->kind == INDEX_VIDEO ? "Picture" : "Sound");
    buf_u8(b, 0);
    box_close(b, hdlr);
}

static void write_media_header(struct buf *b, const struct track *t)
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

static void write_stsd(struct buf *b, const struct track *t)
{
    size_t stsd = box_open_full(b, "stsd", 0, 0);
    buf_be32(b, t->n_descriptions);
    for (uint32_t i = 0; i < t->n_descriptions; i++) {
        buf_append(b, t->descriptions[i].entry, t->descriptions[i].len);
    }
    box_close(b, stsd);
}

/* Room for the chunk offsets; returns where the first goes. */
static size_t write_offset_room(struct buf *b, const struct movie *m, const struct track *t)
{
    size_t box = box_open_full(b, m->wide ? "co64" : "stco", 0, 0);
    buf_be32(b, t->n_chunks);
    size_t where = b->len;
    box_zeros(b, (size_t)t->n_chunks * (m->wide ? 8 : 4));
    box_close(b, box);
    return where;
}

static size_t write_stbl(struct buf *b, const struct movie *m, const struct track *t)
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

static size_t write_trak(struct buf *b, const struct movie *m, const struct track *t, uint32_t id)
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

static void move_offsets(struct buf *b, const struct movie *m, const struct track *t, size_t where)
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

static int write_header(const struct movie *m, struct buf *b)
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

static void list_slices(const struct mp4_params *p, uint64_t at, struct mp4 *ret)
{
    for (size_t s = 0; s < p->n_segments; s++) {
        for (uint32_t f = 0; f < p->segments[s]->n_fragments; f++) {
            const struct index_fragment *g = &p->segments[s]->fragments[f];
            if (g->mdat_bytes > MDAT_HEADER) {
                ret->slices[ret->n_slices++] =
                    (struct mp4_slice){.at = at,
                                       .offset = g->offset + g->moof_bytes + MDAT_HEADER,
                                       .length = g->mdat_bytes - MDAT_HEADER,
                                       .segment = (uint32_t)s};
                at += g->mdat_bytes - MDAT_HEADER;
            }
        }
    }
    ret->size_bytes = at;
}

static void finish_movie(struct movie *m)
{
    for (uint32_t i = 0; i < m->n_tracks; i++) {
        struct track *t = &m->tracks[i];
        buf_finish(&t->stts.b);
        buf_finish(&t->ctts.b);
        buf_finish(&t->stss);
        buf_finish(&t->stsc);
        buf_finish(&t->stsz);
        buf_finish(&t->offsets);
    }
}

static int measure(struct movie *m, uint32_t *ret_fragments)
{
    uint64_t samples = 0, fragments = 0;
    for (size_t s = 0; s < m->p->n_segments; s++) {
        const struct index *ix = m->p->segments[s];
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            samples += ix->tracks[t].n_samples;
        }
        for (uint32_t f = 0; f < ix->n_fragments; f++) {
            m->payload_bytes += ix->fragments[f].mdat_bytes - MDAT_HEADER;
        }
        fragments += ix->n_fragments;
    }
    if (samples > MP4_SAMPLES_MAX || fragments > MP4_SAMPLES_MAX) {
        return -E2BIG;
    }
    m->wide = m->payload_bytes + MP4_HEADER_MAX > UINT32_MAX;
    *ret_fragments = (uint32_t)fragments;
    return 0;
}

int mp4_init(const struct mp4_params *p, struct mp4 *ret_mp4)
{
    struct movie m = {.p = p, .zero_90k = p->segments[0]->zero_90k};
    struct buf b = BUF_INIT(MP4_HEADER_MAX);
    uint32_t fragments = 0;
    int r = measure(&m, &fragments);
    if (r < 0) {
        return r;
    }
    list_tracks(&m);
    for (uint32_t t = 0; t < m.n_tracks && r == 0; t++) {
        r = gather_track(&m, &m.tracks[t]);
    }
    if (r == 0) {
        r = write_header(&m, &b);
    }
    finish_movie(&m);
    if (r < 0) {
        buf_finish(&b);
        return r;
    }
    struct mp4 out = {.header_bytes = b.len};
    out.slices = mem_alloc(fragments + 1, sizeof *out.slices);
    list_slices(p, b.len, &out);
    out.header = buf_take(&b);
    *ret_mp4 = out;
    return 0;
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
