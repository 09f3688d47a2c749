/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/hls.h"

#include "base/clock.h"
#include "playback/mp4_box.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* An entry waits for a key picture up to that length. A hole shorter than the other is playing
 * time; a longer one is not. */
enum { ENTRY_MAX_90K = 10 * CLOCK_90K, HOLE_90K = CLOCK_90K };

void hls_begin(struct hls *h, int64_t zero_us, int64_t entry_90k)
{
    *h = (struct hls){.zero_us = zero_us, .entry_90k = entry_90k};
}

/* ---- when a decoder must start anew ---- */

static void hash(uint64_t *h, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) { /* FNV-1a */
        *h = (*h ^ p[i]) * 1099511628211u;
    }
}

uint64_t hls_kind(const struct index *ix)
{
    uint64_t h = 1469598103934665603u;
    hash(&h, &ix->n_tracks, sizeof ix->n_tracks);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        const struct index_track *k = &ix->tracks[t];
        const uint32_t facts[] = {k->kind, k->timescale, k->stsd_len};
        hash(&h, facts, sizeof facts);
        hash(&h, k->stsd, k->stsd_len);
    }
    return h;
}

/* Equal descriptions are written as equal bytes, so the map need not be named again. */
static uint64_t init_of(const struct index *ix, uint64_t kind)
{
    hash(&kind, &ix->init_bytes, sizeof ix->init_bytes);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        const struct index_track *k = &ix->tracks[t];
        const uint32_t size[] = {k->width, k->height};
        hash(&kind, size, sizeof size);
        hash(&kind, k->matrix, sizeof k->matrix);
    }
    return kind;
}

/* ---- entries ---- */

/* Bytes of a fragment up to the end of its first picture. */
static uint32_t key_bytes(const struct index *ix, uint32_t fragment)
{
    const struct index_fragment *g = &ix->fragments[fragment];
    uint64_t bytes = g->moof_bytes + MDAT_HEADER;
    for (uint32_t t = 0; t < ix->n_tracks && g->key; t++) {
        const struct index_run *run = &g->runs[t];
        const struct index_sample *s = &ix->tracks[t].samples[run->first_sample];
        bool video = ix->tracks[t].kind == INDEX_VIDEO && run->n_samples > 0;
        for (uint32_t i = 0; i < (video ? 1 : run->n_samples); i++) {
            bytes += s[i].size;
        }
        if (video) {
            return (uint32_t)bytes;
        }
    }
    return 0;
}

/* One past the last fragment of the entry that begins with `first`. */
static uint32_t entry_end(const struct hls *h, const struct index *ix, uint32_t first, uint32_t end)
{
    int64_t start = ix->fragments[first].start_90k;
    int64_t max = h->entry_90k * 2 > ENTRY_MAX_90K ? h->entry_90k * 2 : ENTRY_MAX_90K;
    for (uint32_t f = first + 1; f < end; f++) {
        int64_t so_far = ix->fragments[f].start_90k - start;
        if ((so_far >= h->entry_90k && ix->fragments[f].key) || so_far >= max) {
            return f;
        }
    }
    return end;
}

/* The last entry ends where the next one starts, so that durations add up even where a picture is
 * missing; but a real hole is not playing time. */
static void close_entry(struct hls *h, int64_t next_90k)
{
    if (h->n_entries == 0) {
        return;
    }
    bool hole = next_90k <= h->open_90k || next_90k >= h->end_90k + HOLE_90K;
    int64_t duration = (hole ? h->end_90k : next_90k) - h->open_90k;
    h->entries[h->n_entries - 1].duration_90k = duration > 0 ? duration : 1;
}

static int append(struct hls *h, const struct hls_entry *e)
{
    if (h->n_entries == HLS_ENTRIES_MAX) {
        return -E2BIG;
    }
    if (h->n_entries == h->cap_entries) {
        h->cap_entries = h->cap_entries == 0 ? 16 : h->cap_entries * 2;
        h->entries = mem_resize(h->entries, h->cap_entries, sizeof *h->entries);
    }
    h->entries[h->n_entries++] = *e;
    return 0;
}

struct addition {
    uint32_t number;
    const struct index *ix;
    const struct take_segment *segment;
    bool new_map, other_kind, new_recording; /* until the first entry of it */
};

static int add_entry(struct hls *h, struct addition *a, uint32_t first, uint32_t end)
{
    const struct index_fragment *f = &a->ix->fragments[first], *z = &a->ix->fragments[end - 1];
    int64_t start = a->segment->base_90k + f->start_90k;
    bool hole = start >= h->end_90k + HOLE_90K || start <= h->end_90k - HOLE_90K;
    close_entry(h, start);
    const struct hls_entry e = {.segment = a->number,
                                .init_bytes = a->ix->init_bytes,
                                .offset = f->offset,
                                .length = z->offset + z->moof_bytes + z->mdat_bytes - f->offset,
                                .key_bytes = key_bytes(a->ix, first),
                                .start_us = h->zero_us + take_us(start),
                                .new_map = a->new_map,
                                .breaks = h->n_entries > 0 &&
                                          (hole || a->other_kind || a->new_recording)};
    int r = append(h, &e);
    h->open_90k = start;
    h->end_90k = a->segment->base_90k + z->start_90k + z->duration_90k;
    a->new_map = a->other_kind = a->new_recording = false;
    return r;
}

int hls_add(struct hls *h, uint32_t number, const struct index *ix,
            const struct take_segment *segment)
{
    uint64_t kind = hls_kind(ix), init = init_of(ix, kind);
    struct addition a = {.number = number,
                         .ix = ix,
                         .segment = segment,
                         .new_map = !h->any || init != h->init,
                         .other_kind = h->any && kind != h->kind,
                         .new_recording = segment->new_recording};
    uint32_t before = h->n_entries;
    for (uint32_t i = 0; i < segment->n; i++) {
        const struct take *t = &segment->takes[i];
        uint32_t last = t->first + t->n - (t->cut ? 1 : 0); /* not what reaches into the hidden */
        for (uint32_t first = t->first, end; first < last; first = end) {
            end = entry_end(h, ix, first, last);
            int r = add_entry(h, &a, first, end);
            if (r < 0) {
                return r;
            }
        }
    }
    if (h->n_entries > before) {
        h->any = true;
        h->kind = kind;
        h->init = init;
    }
    return 0;
}

void hls_end(struct hls *h)
{
    close_entry(h, INT64_MAX);
}

void hls_finish(struct hls *h)
{
    free(h->entries);
    *h = (struct hls){0};
}

/* ---- text ---- */

/* Of the nth entry as it is listed: to the next one that is, as far as nothing is missing. */
static int64_t listed_duration(const struct hls *h, const struct hls_text *t, uint32_t i)
{
    int64_t duration = h->entries[i].duration_90k;
    for (uint32_t k = i + 1;
         t->keys_only && k < h->n_entries && h->entries[k].key_bytes == 0 && !h->entries[k].breaks;
         k++) {
        duration += h->entries[k].duration_90k;
    }
    return duration;
}

static bool listed(const struct hls_text *t, const struct hls_entry *e)
{
    return !t->keys_only || e->key_bytes > 0;
}

static void format_head(const struct hls *h, const struct hls_text *t, struct buf *out)
{
    int64_t longest = CLOCK_90K;
    bool all_key = true;
    for (uint32_t i = 0; i < h->n_entries; i++) {
        int64_t d = listed(t, &h->entries[i]) ? listed_duration(h, t, i) : 0;
        longest = d > longest ? d : longest;
        all_key &= h->entries[i].key_bytes > 0;
    }
    buf_printf(out, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%" PRId64 "\n",
               (longest + CLOCK_90K - 1) / CLOCK_90K);
    buf_str(out, "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    if (t->keys_only) {
        buf_str(out, "#EXT-X-I-FRAMES-ONLY\n");
    } else if (all_key) {
        buf_str(out, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    int64_t late = h->n_entries > 0 ? t->start_us - h->entries[0].start_us : 0;
    if (t->start_us > 0 && late > 0) {
        buf_printf(out, "#EXT-X-START:TIME-OFFSET=%" PRId64 ".%06" PRId64 ",PRECISE=YES\n",
                   late / CLOCK_US, late % CLOCK_US);
    }
}

/* Gaps that end, or begin, before what comes next. */
static void format_gaps(const struct hls_text *t, uint32_t *at, int64_t next_us, struct buf *out)
{
    for (; *at < t->n_gaps && t->gaps[*at].from_us < next_us; (*at)++) {
        const struct hls_gap *g = &t->gaps[*at];
        char from[CLOCK_RFC3339_SIZE], to[CLOCK_RFC3339_SIZE];
        clock_format(g->from_us, from);
        clock_format(g->to_us, to);
        buf_printf(out,
                   "#EXT-X-DATERANGE:ID=\"gap-%" PRId64 "\",CLASS=\"gap\",START-DATE=\"%s\","
                   "END-DATE=\"%s\",X-REASON=\"%s\"\n",
                   g->from_us, from, to, g->reason);
    }
}

static void format_entry(const struct hls *h, const struct hls_text *t, uint32_t i, bool new_map,
                         struct buf *out)
{
    const struct hls_entry *e = &h->entries[i];
    char time[CLOCK_RFC3339_SIZE], name[HLS_NAME_SIZE];
    clock_format(e->start_us, time);
    t->name(t->arg, e->segment, name);
    if (new_map) {
        buf_printf(out, "#EXT-X-MAP:URI=\"segments/%s%s\",BYTERANGE=\"%" PRIu32 "@0\"\n", name,
                   t->query, e->init_bytes);
    }
    int64_t us = take_us(listed_duration(h, t, i));
    buf_printf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%" PRId64 ".%06" PRId64 ",\n", time,
               us / CLOCK_US, us % CLOCK_US);
    buf_printf(out, "#EXT-X-BYTERANGE:%" PRIu64 "@%" PRIu64 "\nsegments/%s%s\n",
               t->keys_only ? e->key_bytes : e->length, e->offset, name, t->query);
}

int hls_format(const struct hls *h, const struct hls_text *t, struct buf *out)
{
    bool new_map = false, breaks = false;
    uint32_t gap = 0;
    format_head(h, t, out);
    for (uint32_t i = 0; i < h->n_entries; i++) {
        const struct hls_entry *e = &h->entries[i];
        new_map |= e->new_map;
        breaks |= e->breaks;
        if (!listed(t, e)) {
            continue;
        }
        format_gaps(t, &gap, e->start_us, out);
        if (breaks) {
            buf_str(out, "#EXT-X-DISCONTINUITY\n");
        }
        format_entry(h, t, i, new_map, out);
        new_map = breaks = false;
    }
    format_gaps(t, &gap, INT64_MAX, out);
    buf_str(out, "#EXT-X-ENDLIST\n");
    return out->overflow ? -E2BIG : 0;
}
