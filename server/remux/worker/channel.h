/* SPDX-License-Identifier: Apache-2.0 */
/* The child's end of the channel. Blocking: a child has nothing else to do while it waits. */
#ifndef REMUX_WORKER_CHANNEL_H
#define REMUX_WORKER_CHANNEL_H

#include "base/stream.h"
#include "remux/protocol.h"

struct channel {
    int fd;
    bool live;  /* what is held is worth keeping without the server: see lost */
    bool lost;  /* the server is gone */
    bool ended; /* END was read while something else was waited for */
    enum stream_end how;
};

struct channel_given {
    int fd, journal_fd; /* -1: none */
    struct channel_output output;
};

/* When the server is gone these end the process: nobody is left to work for. Of a live one only
 * `lost` is set: frames go nowhere, no output comes, and the body broke off. */
void channel_send(struct channel *c, const struct buf *frame);
/* Live: with a journal. False: no server to give one. */
bool channel_need_output(struct channel *c, struct channel_given *ret_given);
int channel_need_spool(struct channel *c); /* the descriptor */
enum stream_end channel_await_end(struct channel *c);

#endif
