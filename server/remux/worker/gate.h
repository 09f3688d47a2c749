/* SPDX-License-Identifier: Apache-2.0 */
/* Lets an endless fragmented MP4 be read a stretch at a time: libav keeps an entry for every sample
 * it has seen, so a demuxer that reads for days would grow without end. The gate watches the boxes
 * go by, keeps the init (ftyp, moov), and after many fragments stops behind an mdat: a new demuxer
 * then gets the init again and goes on from there. Pure. */
#ifndef REMUX_WORKER_GATE_H
#define REMUX_WORKER_GATE_H

#include "base/buf.h"

#include <stdbool.h>

enum { GATE_FRAGMENTS = 256, GATE_INIT_MAX = 1 << 20 };

struct gate {
    bool armed;  /* may stop */
    bool broken; /* this is not a row of boxes that it can follow */
    bool stopped;
    unsigned fragments; /* since the start of the stretch */
    bool began;         /* a fragment was seen: the init is whole */
    uint8_t head[16];
    size_t head_n;
    char type[4];
    uint64_t left; /* bytes of the current box */
    struct buf init;
};
void gate_init(struct gate *g);
/* How many of n bytes that come next may be read; 0: stopped. */
size_t gate_allow(const struct gate *g, size_t n);
/* These were read. */
void gate_pass(struct gate *g, const uint8_t *p, size_t n);
/* The next stretch. */
void gate_go_on(struct gate *g);
void gate_finish(struct gate *g);

#endif
