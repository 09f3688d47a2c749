/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what of a camera's segments is shown in a span of its time. First whole segments are chosen
 * (several recordings may cover the same time), then fragments of each: from a key picture on,
 * nothing of what is hidden. Times of a film are 1/90000 s from its zero. */
#ifndef PLAYBACK_TAKE_H
#define PLAYBACK_TAKE_H

#include "base/id.h"
#include "remux/index.h"

enum {
    TAKE_HIDDEN_MAX = 1000, /* hidden spans in one film */
    TAKES_MAX = 32,         /* pieces of one segment; what comes after them is left out */
    TAKE_SLACK_90K = 90000  /* so much may two recordings overlap without being cut */
};

int64_t take_90k(int64_t us); /* rounded to the nearest */
int64_t take_us(int64_t t_90k);

/* ---- which segments ---- */
struct take_row {
    struct id id, recording;
    int64_t start_us; /* UTC of media zero */
    int64_t zero_90k; /* the same within its recording */
    uint32_t duration_90k;
};
struct take_use {
    uint32_t row;
    int64_t from_us; /* shown from then on: before it, another recording was */
};
/* Rows in order of start_us. ret_uses has room for n; in order of time. A recording that is being
 * shown goes on; another one takes over where it ends. */
uint32_t take_choose(const struct take_row *rows, uint32_t n, struct take_use *ret_uses);

/* ---- which fragments ---- */
struct take_hidden {
    int64_t from_90k, to_90k;
};
struct take_film {
    int64_t zero_us;
    int64_t from_90k, to_90k; /* wanted; INT64_MIN and INT64_MAX: all, also what no decoder begins
                                 with */
    uint32_t n_hidden;
    const struct take_hidden *hidden; /* in order of from_90k; borrowed */
};
/* Between segments. Zeroed at the start. */
struct take_state {
    bool any, whole; /* whole: the last fragment of the segment before was taken */
    struct id recording;
    int64_t base_90k, zero_90k; /* of the segment before */
    int64_t end_90k;            /* of what was taken so far */
};
struct take {
    uint32_t first, n; /* fragments */
    int64_t low_90k;   /* no sample before that time: something hidden ends there */
    int64_t high_90k;  /* nor after that one */
    bool cut;          /* the last fragment reaches past high_90k, into something hidden */
    bool joined;       /* goes on where the take before ended, also for a decoder */
};
struct take_segment {
    int64_t base_90k; /* of its media zero */
    bool new_recording;
    uint32_t n;
    struct take takes[TAKES_MAX];
};
struct take_source {
    const struct take_row *row;
    int64_t from_us; /* of its use */
    const struct index *index;
    bool next_is_key; /* what follows begins with a key picture, or nothing does */
};
/* The next segment of a film, in order. */
void take_fragments(const struct take_film *film, struct take_state *state,
                    const struct take_source *source, struct take_segment *ret_segment);
/* Can a decoder begin with that fragment? */
bool take_is_key(const struct index *ix, uint32_t fragment);
/* Everything of it, without a film: base_90k is the segment's zero less zero_90k. */
void take_all(const struct index *ix, int64_t zero_90k, struct take_segment *ret_segment);

#endif
