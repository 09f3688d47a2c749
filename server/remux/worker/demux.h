/* SPDX-License-Identifier: Apache-2.0 */
/* From input to queued samples: open the one demuxer that the content asks for, choose a picture
 * and a sound track, and hand over packets. */
#ifndef REMUX_WORKER_DEMUX_H
#define REMUX_WORKER_DEMUX_H

#include "remux/worker/channel.h"
#include "remux/worker/input.h"
#include "remux/worker/sniff.h"
#include "remux/worker/track.h"
#include "remux/worker/verdict.h"

struct demux {
    struct channel *channel;
    struct channel_done *verdict;
    struct input *input;
    enum sniff_kind kind;
    AVFormatContext *format;
    struct clock_file clock;
    bool pushed; /* one track is enough */
    struct track *video,
        *audio; /* owned; audio NULL while there is none to keep; pushed: video too */
    AVPacket *packet;
};

/* Sniff, spool if the container needs it, open, choose. 0 or a REMUX_E_ status, recorded in the
 * verdict. demux_finish() is due in both cases. */
int demux_begin(struct demux *d, const struct job_order *order, struct channel *channel,
                struct channel_done *verdict, struct input *input) MUST_CHECK;
/* Read one packet into its track's queue. 0, DEMUX_END, or a REMUX_E_ status. */
enum { DEMUX_END = -1 };
int demux_step(struct demux *d) MUST_CHECK;
void demux_finish(struct demux *d);

#endif
