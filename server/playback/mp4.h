/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the sample indexes of consecutive segments -> one plain fast-start MP4 that exists nowhere:
 * its header bytes, and which plaintext bytes of which segment follow them. Nothing is re-encoded
 * and no media is read. The same indexes always give the same bytes, so ranges of it can be cached
 * by players. */
#ifndef PLAYBACK_MP4_H
#define PLAYBACK_MP4_H

#include "remux/index.h"

enum {
    MP4_SAMPLES_MAX = 6 << 20, /* all tracks: 24 h of 15 pictures/s and 48 kHz AAC */
    MP4_DESCRIPTIONS_MAX = 64, /* different coded formats of one track */
    MP4_HEADER_MAX = 64 << 20
};

struct mp4_slice {
    uint64_t at;      /* in the virtual file */
    uint64_t offset;  /* in the segment's plaintext */
    uint32_t length;  /* > 0 */
    uint32_t segment; /* which of the segments given */
};

struct mp4 {
    uint8_t *header; /* ftyp, moov, the front of mdat; owned */
    size_t header_bytes;
    uint64_t size_bytes; /* header and all slices, which follow without a gap */
    uint32_t n_slices;
    struct mp4_slice *slices; /* owned */
};

struct mp4_params {
    const struct index *const *segments; /* in order of their time, of one recording; borrowed */
    size_t n_segments;                   /* > 0 */
    int64_t start_us;                    /* UTC of the first one's media zero: creation time */
};

/* Presentation begins at the first segment's media zero: what lies before it (priming, leading
 * pictures) is kept but skipped by an edit list, what begins later waits. A track that only some
 * segments have is silent or still in the others. -E2BIG when a limit is passed. */
int mp4_init(const struct mp4_params *p, struct mp4 *ret_mp4) MUST_CHECK;
void mp4_finish(struct mp4 *m); /* takes a zeroed one too */
/* The slice that holds byte `at` of the virtual file (header_bytes <= at < size_bytes). */
uint32_t mp4_slice_at(const struct mp4 *m, uint64_t at);

#endif
