/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the sample indexes of consecutive segments -> an HLS media playlist (RFC 8216, version 7,
 * fragmented MP4 by byte range). Two steps, so that the list can be kept without the indexes. */
#ifndef PLAYBACK_HLS_H
#define PLAYBACK_HLS_H

#include "remux/index.h"

enum { HLS_ENTRIES_MAX = 65536, HLS_TEXT_MAX = 16 << 20 };

struct hls_entry {
    uint32_t segment;
    uint32_t init_bytes; /* of that segment */
    uint64_t offset, length;
    int64_t start_us; /* UTC */
    int64_t duration_90k;
    bool key;        /* starts with a key picture */
    bool new_map;    /* its segment's init is not the one before's */
    bool other_kind; /* what came before had other tracks or formats */
};

struct hls {
    uint32_t n_entries;
    struct hls_entry *entries; /* owned */
};

/* Fragments are joined to entries of at least two seconds that begin with a key picture where the
 * segments allow it. start_us: UTC of the first segment's media zero. -E2BIG beyond
 * HLS_ENTRIES_MAX. */
int hls_init(const struct index *const *segments, size_t n_segments, int64_t start_us,
             struct hls *ret_hls) MUST_CHECK;
void hls_finish(struct hls *h); /* takes a zeroed one too */
/* The text. query: appended to each URI ("?exp=..."), or "". -E2BIG. */
int hls_format(const struct hls *h, const char *query, struct buf *out) MUST_CHECK;

#endif
