/* SPDX-License-Identifier: Apache-2.0 */
/* A track as the writer sees it: its description and the times of what goes into a fragment. */
#ifndef REMUX_WORKER_LANE_H
#define REMUX_WORKER_LANE_H

#include "remux/worker/track.h"

enum { SCALE_90K = 90000 };

struct lane {
    struct track *track; /* NULL: none */
    bool in_segment;
    size_t index;                   /* in the index, when in_segment */
    bool started;                   /* last_end is set */
    struct index_track description; /* made once; owns its stsd */
    int64_t shift;                  /* of a track that was found to start before the file does */
    int64_t delay;                  /* derived decode times run that much ahead */
    int64_t last_end;
    /* For parts: from the last key picture to the one before it; cut since the last one. */
    int64_t group_90k, gone_90k;
};

/* Between the track's time scale and 1/90000 s. */
int64_t lane_to_90k(const struct lane *l, int64_t t);
int64_t lane_from_90k(const struct lane *l, int64_t t);
/* Earliest presentation time of the first n (at least one) waiting samples. */
int64_t lane_earliest(const struct lane *l, size_t n);
/* Decode time of the waiting sample i; of pictures without, only after lane_settle(). */
int64_t lane_decode_at(const struct lane *l, size_t i);
/* Decode times of the first n, strictly increasing; then each one's duration from the next. limit:
 * the time of the sample after them (before any delay), CLOCK_NONE when there is none. */
void lane_settle(struct lane *l, size_t n, int64_t limit);
/* How many of the waiting pictures (two at least) make the next part of an endless body: those
 * before a key picture, or as many as fit into max_90k; 0: more must come. Where the key pictures
 * come regularly, what lies between two is divided evenly. Where the length of the last picture is
 * known, nothing is waited for to see that another one would be too many. *ret_limit is for
 * lane_settle(). */
size_t lane_part(const struct lane *l, int64_t max_90k, int64_t *ret_limit);

#endif
