/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/hls.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Short enough to seek and start quickly, long enough to keep the list and the requests few. An
 * entry waits for a key picture up to the second limit. */
enum { ENTRY_MIN_90K = 2 * CLOCK_90K, ENTRY_MAX_90K = 10 * CLOCK_90K };

/* Would a decoder that plays one go on with the other without a new start? */
static bool same_kind(const struct index *a, const struct index *b)
{
    if (a->n_tracks != b->n_tracks) {
        return false;
    }
    for (uint32_t t = 0; t < a->n_tracks; t++) {
        const struct index_track *x = &a->tracks[t], *y = &b->tracks[t];
        if (x->kind != y->kind || x->timescale != y->timescale || x->stsd_len != y->stsd_len ||
            memcmp(x->stsd, y->stsd, x->stsd_len) != 0) {
            return false;
        }
    }
    return true;
}

/* Equal descriptions are written as equal bytes, so the map need not be named again. */
static bool same_init(const struct index *a, const struct index *b)
{
    if (!same_kind(a, b) || a->init_bytes != b->init_bytes) {
        return false;
    }
    for (uint32_t t = 0; t < a->n_tracks; t++) {
        const struct index_track *x = &a->tracks[t], *y = &b->tracks[t];
        if (x->width != y->width || x->height != y->height ||
            memcmp(x->matrix, y->matrix, sizeof x->matrix) != 0) {
            return false;
        }
    }
    return true;
}

/* One past the last fragment of the entry that begins with `first`. */
static uint32_t entry_end(const struct index *ix, uint32_t first)
{
    int64_t start = ix->fragments[first].start_90k;
    for (uint32_t f = first + 1; f < ix->n_fragments; f++) {
        int64_t so_far = ix->fragments[f].start_90k - start;
        if ((so_far >= ENTRY_MIN_90K && ix->fragments[f].key) || so_far >= ENTRY_MAX_90K) {
            return f;
        }
    }
    return ix->n_fragments;
}

/* When what follows an entry begins: so the durations add up even where pictures are missing. */
static int64_t next_start(const struct index *const *segments, size_t n, size_t s, uint32_t end)
{
    const struct index *ix = segments[s];
    if (end < ix->n_fragments) {
        return ix->zero_90k + ix->fragments[end].start_90k;
    }
    const struct index_fragment *last = &ix->fragments[ix->n_fragments - 1];
    int64_t own = ix->zero_90k + last->start_90k + last->duration_90k;
    if (s + 1 < n) {
        int64_t next = segments[s + 1]->zero_90k + segments[s + 1]->fragments[0].start_90k;
        /* A real gap is not playing time. */
        return next > own && next < own + CLOCK_90K ? next : own;
    }
    return own;
}

static struct hls_entry make_entry(const struct index *const *segments, size_t n, size_t s,
                                   uint32_t first, uint32_t end)
{
    const struct index *ix = segments[s];
    const struct index_fragment *a = &ix->fragments[first], *z = &ix->fragments[end - 1];
    int64_t duration = next_start(segments, n, s, end) - ix->zero_90k - a->start_90k;
    return (struct hls_entry){
        .segment = (uint32_t)s,
        .init_bytes = ix->init_bytes,
        .offset = a->offset,
        .length = z->offset + z->moof_bytes + z->mdat_bytes - a->offset,
        .duration_90k = duration > 0 ? duration : 1,
        .key = a->key,
        .new_map = first == 0 && (s == 0 || !same_init(segments[s - 1], ix)),
        .other_kind = first == 0 && s > 0 && !same_kind(segments[s - 1], ix),
    };
}

int hls_init(const struct index *const *segments, size_t n, int64_t start_us, struct hls *ret_hls)
{
    uint64_t fragments = 0;
    for (size_t s = 0; s < n; s++) {
        fragments += segments[s]->n_fragments;
    }
    struct hls h = {.entries =
                        mem_alloc((fragments < HLS_ENTRIES_MAX ? fragments : HLS_ENTRIES_MAX) + 1,
                                  sizeof *h.entries)};
    for (size_t s = 0; s < n; s++) {
        const struct index *ix = segments[s];
        for (uint32_t first = 0, end; first < ix->n_fragments; first = end) {
            if (h.n_entries == HLS_ENTRIES_MAX) {
                hls_finish(&h);
                return -E2BIG;
            }
            end = entry_end(ix, first);
            struct hls_entry e = make_entry(segments, n, s, first, end);
            int64_t at = ix->zero_90k - segments[0]->zero_90k + ix->fragments[first].start_90k;
            e.start_us = start_us + (int64_t)((__int128)at * CLOCK_US / CLOCK_90K);
            h.entries[h.n_entries++] = e;
        }
    }
    *ret_hls = h;
    return 0;
}

void hls_finish(struct hls *h)
{
    free(h->entries);
    *h = (struct hls){0};
}

static void format_head(const struct hls *h, struct buf *out)
{
    int64_t longest = CLOCK_90K;
    bool all_key = true;
    for (uint32_t i = 0; i < h->n_entries; i++) {
        longest = h->entries[i].duration_90k > longest ? h->entries[i].duration_90k : longest;
        all_key &= h->entries[i].key;
    }
    buf_printf(out, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%" PRId64 "\n",
               (longest + CLOCK_90K - 1) / CLOCK_90K);
    buf_str(out, "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    if (all_key) {
        buf_str(out, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
}

static void format_entry(const struct hls_entry *e, const char *query, struct buf *out)
{
    char time[CLOCK_RFC3339_SIZE];
    clock_format(e->start_us, time);
    if (e->other_kind) {
        buf_str(out, "#EXT-X-DISCONTINUITY\n");
    }
    if (e->new_map) {
        buf_printf(out,
                   "#EXT-X-MAP:URI=\"segments/%" PRIu32 ".mp4%s\",BYTERANGE=\"%" PRIu32 "@0\"\n",
                   e->segment, query, e->init_bytes);
    }
    int64_t us = (int64_t)((__int128)e->duration_90k * CLOCK_US / CLOCK_90K);
    buf_printf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%" PRId64 ".%06" PRId64 ",\n", time,
               us / CLOCK_US, us % CLOCK_US);
    buf_printf(out, "#EXT-X-BYTERANGE:%" PRIu64 "@%" PRIu64 "\nsegments/%" PRIu32 ".mp4%s\n",
               e->length, e->offset, e->segment, query);
}

int hls_format(const struct hls *h, const char *query, struct buf *out)
{
    format_head(h, out);
    for (uint32_t i = 0; i < h->n_entries; i++) {
        format_entry(&h->entries[i], query, out);
    }
    buf_str(out, "#EXT-X-ENDLIST\n");
    return out->overflow ? -E2BIG : 0;
}
