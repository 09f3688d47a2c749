/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts the queued samples into fragments and the fragments into sealed segments. A fragment begins
 * at a sync picture (of at least half a second; a long or big group of pictures is divided), a
 * segment at a fragment. Sound goes with the pictures of its time. Of an endless body fragments are
 * parts: short, and journaled. */
#ifndef REMUX_WORKER_WRITER_H
#define REMUX_WORKER_WRITER_H

#include "remux/worker/channel.h"
#include "remux/worker/input.h"
#include "remux/worker/track.h"
#include "remux/worker/verdict.h"

struct writer;
struct writer_params {
    struct channel *channel;
    struct channel_done *verdict;
    const struct input *input; /* to weigh the output against */
    uint64_t output_max_bytes;
    bool live;                    /* parts of at most 500 ms, each into the journal too */
    bool continues;               /* see struct job_order */
    const struct job_order *push; /* a piece of a push: its order; else NULL */
    int64_t lead_90k;
    struct channel_given first; /* fetched already; fd -1: not */
    uint32_t segment_max_ms;
    struct track *video, *audio; /* audio may be NULL */
};
struct writer *writer_create(const struct writer_params *p);
/* The sound track, when it is found only later. Harmless when it is the same. */
void writer_set_audio(struct writer *w, struct track *audio);
/* Samples were queued: write what is complete. 0 or a REMUX_E_ status, recorded in the verdict. */
int writer_step(struct writer *w) MUST_CHECK;
/* No more samples: write the rest and end the last segment. */
int writer_end(struct writer *w) MUST_CHECK;
struct writer *writer_destroy(struct writer *w); /* takes NULL */

#endif
