/* SPDX-License-Identifier: Apache-2.0 */
/* The upload's bytes, as libav wants them. They come down a pipe once; going back is possible in
 * what the head still holds, or everywhere once the input is spooled to a nameless file. */
#ifndef REMUX_WORKER_INPUT_H
#define REMUX_WORKER_INPUT_H

#include "base/buf.h"
#include "remux/worker/gate.h"

#include <libavformat/avio.h>

enum { INPUT_HEAD_MAX = 1 << 20, INPUT_AVIO_BYTES = 64 << 10 };

struct input {
    int fd, spool_fd; /* spool_fd -1: streaming */
    struct buf head;  /* bytes from 0 on, while they are kept */
    bool keep_head;   /* what is read goes into the head too */
    bool eof;         /* of the pipe */
    bool hit_end;     /* somebody asked for bytes that never came */
    uint64_t position, received;
    struct input_range {
        uint64_t at, n;
    } ranges[2];      /* of the file, one after the other; both empty: all of it */
    struct gate gate; /* of an endless MP4; watches when gated */
    bool gated, restarted;
    uint64_t gate_position; /* what the gate has seen */
    size_t replayed;        /* of the gate's init, in a stretch after the first */
    AVIOContext *avio;
};

void input_init(struct input *in, int fd);
/* Have at least n bytes in the head, unless the input is shorter. Returns how many there are. */
size_t input_peek(struct input *in, size_t n);
/* Take all that is left of the pipe into the file, the head too: from now on it can be read
 * anywhere. What libav holds in its buffer is kept too, so this may happen after opening. 0 or
 * negative errno. */
int input_spool(struct input *in, int spool_fd) MUST_CHECK;
/* A view of a spooled input: the two ranges of its file as one. The file stays the other's. */
void input_view(struct input *in, int spool_fd, const struct input_range ranges[2]);
/* Watch the boxes from the front, to stop behind one of them later (gate.armed). Before the first
 * byte is read. */
void input_watch_boxes(struct input *in);
/* The gate has stopped: go on behind it, with the init in front. */
void input_next_stretch(struct input *in);
/* Going back to the front is over: let the head go once it is used up. */
void input_release_head(struct input *in);
void input_finish(struct input *in);

#endif
