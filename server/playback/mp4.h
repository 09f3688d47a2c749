/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the sample indexes of segments -> one plain fast-start MP4 that exists nowhere: its header
 * bytes, and which plaintext bytes of which segment follow them. Nothing is re-encoded and no media
 * is read. The same indexes always give the same bytes, so ranges of it can be cached by players.
 * Segments are added one after another and may be forgotten at once. */
#ifndef PLAYBACK_MP4_H
#define PLAYBACK_MP4_H

#include "playback/take.h"
#include "remux/index.h"

enum {
    MP4_SAMPLES_MAX = 8 << 20, /* all tracks: 24 h of 30 pictures/s and 48 kHz AAC */
    MP4_HEADER_MAX = 96 << 20
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

struct mp4_builder;
/* start_us: UTC of the film's zero (creation time). end_90k: presentation ends there at the latest;
 * INT64_MAX: where the pictures end. */
struct mp4_builder *mp4_begin(int64_t start_us, int64_t end_90k);
struct mp4_addition {
    uint32_t number; /* of the segment: for mp4_slice.segment */
    const struct index *index;
    const struct take_segment *segment;
};
/* In order of time. -E2BIG when a limit is passed. */
int mp4_add(struct mp4_builder *b, const struct mp4_addition *a) MUST_CHECK;
/* Presentation begins at the film's zero: what lies before it (priming, leading pictures, the way
 * from a key picture) is kept but skipped by an edit list, what begins later waits. Over a hole the
 * last picture stays. A track that only some segments have is silent or still in the others. The
 * builder is gone in any case. -E2BIG. */
int mp4_end(struct mp4_builder *b, struct mp4 *ret_mp4) MUST_CHECK;
struct mp4_builder *mp4_cancel(struct mp4_builder *b); /* instead; takes NULL */

struct mp4_params {
    const struct index *const *segments; /* in order of their time, of one recording; borrowed */
    size_t n_segments;                   /* > 0 */
    int64_t start_us;                    /* UTC of the first one's media zero */
};
/* All of them, in one go; zero is the first one's. -E2BIG when a limit is passed. */
int mp4_init(const struct mp4_params *p, struct mp4 *ret_mp4) MUST_CHECK;
void mp4_finish(struct mp4 *m); /* takes a zeroed one too */
/* The slice that holds byte `at` of the virtual file (header_bytes <= at < size_bytes). */
uint32_t mp4_slice_at(const struct mp4 *m, uint64_t at);

#endif
