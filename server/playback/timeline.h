/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a camera's time as runs of footage and gaps with their reasons. */
#ifndef PLAYBACK_TIMELINE_H
#define PLAYBACK_TIMELINE_H

#include "base/id.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TIMELINE_RUNS_MAX = 20000,
    TIMELINE_GAPS_MAX = 50000,
    TIMELINE_HOLE_US = 1000000, /* less is no gap */
    /* Footage appears when its segment is complete: until then its time is not told to be a gap. */
    TIMELINE_PENDING_US = 90000000
};

struct timeline_run {
    int64_t from_us, to_us;
    struct id recording;
    bool late; /* came long after it was filmed */
};
struct timeline_gap {
    int64_t from_us, to_us;
    const char *reason; /* borrowed, or a constant */
};
struct timeline_params {
    int64_t from_us, to_us; /* the span asked for */
    int64_t first_us;       /* start of the camera's first footage; 0: there never was any */
    int64_t now_us;
    const struct timeline_run *runs; /* in order of from_us; may overlap */
    uint32_t n_runs;
    const struct timeline_gap
        *known; /* what is written down; the first that covers a time counts */
    uint32_t n_known;
};
/* The holes, each part with its reason: what is known, else never_sent before the first footage,
 * offline after it, nothing in the future. ret_gaps is malloc'd, in order; at most
 * TIMELINE_GAPS_MAX. */
uint32_t timeline_gaps(const struct timeline_params *p, struct timeline_gap **ret_gaps);

/* Runs without what is hidden: cut, some fall away. ret_runs is malloc'd; reasons of hidden are not
 * looked at. */
uint32_t timeline_visible(const struct timeline_run *runs, uint32_t n,
                          const struct timeline_gap *hidden, uint32_t n_hidden,
                          struct timeline_run **ret_runs);

#endif
