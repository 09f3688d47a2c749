/* SPDX-License-Identifier: Apache-2.0 */
/* The child's end of the channel. Blocking: a child has nothing else to do while it waits. */
#ifndef REMUX_WORKER_CHANNEL_H
#define REMUX_WORKER_CHANNEL_H

#include "base/stream.h"
#include "remux/protocol.h"

struct channel {
    int fd;
    bool ended; /* END was read while something else was waited for */
    enum stream_end how;
};

/* All of these end the process when the server is gone: nobody is left to work for. */
void channel_send(struct channel *c, const struct buf *frame);
int channel_need_output(struct channel *c, struct seal_params *ret_seal); /* the descriptor */
int channel_need_spool(struct channel *c);                                /* the descriptor */
enum stream_end channel_await_end(struct channel *c);

#endif
