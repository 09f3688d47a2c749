/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the sample indexes of segments -> HLS playlists (RFC 8216, version 7, fragmented MP4 by
 * byte range): pictures and sound, or key pictures alone. Two steps, so that the list can be kept
 * without the indexes, which may be forgotten as soon as they were added. */
#ifndef PLAYBACK_HLS_H
#define PLAYBACK_HLS_H

#include "playback/take.h"
#include "remux/index.h"

enum { HLS_ENTRIES_MAX = 65536, HLS_TEXT_MAX = 32 << 20, HLS_NAME_SIZE = 64 };

struct hls_entry {
    uint32_t segment;
    uint32_t init_bytes; /* of that segment */
    uint64_t offset, length;
    uint32_t key_bytes; /* of it up to the end of the first key picture; 0: starts with none */
    int64_t start_us;   /* UTC */
    int64_t duration_90k;
    bool new_map; /* its segment's init is not the one before's */
    bool breaks;  /* what came before was another recording, format, or ended earlier */
};

struct hls {
    uint32_t n_entries, cap_entries;
    struct hls_entry *entries; /* owned */
    /* while it is made */
    int64_t zero_us, entry_90k, open_90k; /* open_90k: when the last entry starts */
    int64_t end_90k;                      /* when what was added last ends */
    uint64_t kind, init;                  /* of the segment before: digests */
    bool any;
};

/* zero_us: UTC of the film's zero. entry_90k: fragments are joined to entries of at least that
 * length, which begin with a key picture where the segments allow it. */
void hls_begin(struct hls *h, int64_t zero_us, int64_t entry_90k);
/* What is taken of the next segment. -E2BIG beyond HLS_ENTRIES_MAX. */
int hls_add(struct hls *h, uint32_t number, const struct index *ix,
            const struct take_segment *segment) MUST_CHECK;
void hls_end(struct hls *h);
void hls_finish(struct hls *h); /* takes a zeroed one too */

/* A digest of tracks and formats: equal ones need no new decoder. */
uint64_t hls_kind(const struct index *ix);

struct hls_gap { /* footage is missing */
    int64_t from_us, to_us;
    const char *reason;
};
struct hls_text {
    const char *query;          /* appended to each URI ("?exp=..."), or "" */
    bool keys_only;             /* EXT-X-I-FRAMES-ONLY */
    int64_t start_us;           /* play from there on; 0: from the beginning */
    const struct hls_gap *gaps; /* in order; each is told before the entry that follows it */
    uint32_t n_gaps;
    /* The file name of a segment, without a folder. */
    void (*name)(void *arg, uint32_t segment, char out[HLS_NAME_SIZE]);
    void *arg;
};
/* -E2BIG. */
int hls_format(const struct hls *h, const struct hls_text *t, struct buf *out) MUST_CHECK;

#endif
