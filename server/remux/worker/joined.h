/* SPDX-License-Identifier: Apache-2.0 */
/* Several files of the same span, each a track or some, as one: pictures of the first that has any,
 * sound of the first that has any, in order of their time. */
#ifndef REMUX_WORKER_JOINED_H
#define REMUX_WORKER_JOINED_H

#include "remux/join.h"
#include "remux/worker/demux.h"

struct joined {
    struct input inputs[JOIN_PARTS_MAX];
    struct demux demuxes[JOIN_PARTS_MAX];
    size_t n;
    struct demux *video, *audio; /* NULL: none has it */
    bool ended[JOIN_PARTS_MAX];
};

/* Take all input into a file, open the parts. 0 or a REMUX_E_ status, recorded in the verdict.
 * joined_finish() is due in both cases. */
int joined_begin(struct joined *j, const struct job_order *order, struct channel *channel,
                 struct channel_done *verdict, struct input *input) MUST_CHECK;
/* As demux_step(), of the part that is behind. */
int joined_step(struct joined *j) MUST_CHECK;
void joined_finish(struct joined *j);

#endif
