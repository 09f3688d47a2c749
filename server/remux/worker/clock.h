/* SPDX-License-Identifier: Apache-2.0 */
/* Makes time go forward. Containers bring time stamps that wrap, repeat, jump back or are missing;
 * out of here they come strictly increasing in decode order, in the track's time scale, and no
 * picture is dropped for its time stamp. Pure. */
#ifndef REMUX_WORKER_CLOCK_H
#define REMUX_WORKER_CLOCK_H

#include "base/status.h"

#include <stdbool.h>

#define CLOCK_NONE INT64_MIN

/* What the tracks of one file share. */
struct clock_file {
    bool wraps;        /* 33-bit time stamps of a transport stream */
    int64_t base_90k;  /* added to the times of what does not wrap */
    bool unwrapped;    /* reference is set */
    int64_t reference; /* last time stamp, unwrapped, 90 kHz */
    bool jumped;
    int64_t jump_90k; /* the last correction any track made */
};
/* The 33-bit time nearest to what was seen last. */
int64_t clock_unwrap(struct clock_file *f, int64_t t_90k);

struct clock_track {
    struct clock_file *file;
    uint32_t timescale;
    int64_t nominal;          /* usual distance of two samples */
    int64_t shortest;         /* distance seen so far; 0 = none yet */
    int64_t gap_max;          /* a longer pause is taken for a new time base */
    bool without_decode_time; /* only presentation times are known (Matroska) */
    bool started;
    unsigned repeats;
    int64_t last, latest, offset; /* last: decode time given out; latest: presentation time */
    int64_t previous;             /* presentation time of the sample before */
};
/* Correct the times of the next sample in decode order, in place. CLOCK_NONE: not known. Afterwards
 * *pts is known, and *dts too unless without_decode_time. */
void clock_place(struct clock_track *c, bool sync, int64_t *dts, int64_t *pts);

#endif
