/* SPDX-License-Identifier: Apache-2.0 */
/* One jailed child: its input pipe, its channel and its watchdog, without knowing what the job is.
 * Internal to this folder. */
#ifndef REMUX_CHILD_H
#define REMUX_CHILD_H

#include "base/list.h"
#include "base/loop.h"
#include "base/stream.h"
#include "remux/protocol.h"
#include "remux/zygote.h"

enum { CHILD_GATHER_BYTES = 64 * 1024 };

struct child_params {
    struct loop *loop;
    struct zygote *zygote;
    struct job_order order;
    uint64_t stall_ms;
    bool prompt; /* input goes down the pipe at once instead of in large pieces */
    /* A frame came. Non-zero: it was not acceptable, the child is killed. */
    int (*frame)(void *arg, const struct channel_frame *f);
    /* push() can take more again. */
    void (*room)(void *arg);
    /* Exactly once, from the loop: the channel ended, the child was killed, or it hung. */
    void (*closed)(void *arg);
    void *arg;
};
struct child;
/* -EAGAIN: there is no zygote at the moment. */
int child_begin(const struct child_params *p, struct child **ret_child) MUST_CHECK;
/* Returns how many bytes were taken. After fewer than n, room() follows. */
size_t child_push(struct child *c, const uint8_t *p, size_t n);
/* No more input. */
void child_end_input(struct child *c, enum stream_end how);
/* Send a formatted frame, with up to CHANNEL_FDS_MAX descriptors (they stay the caller's). */
int child_send(struct child *c, const struct buf *frame, const int *fds, size_t n_fds) MUST_CHECK;
/* Idempotent; closed() follows. */
void child_kill(struct child *c);
/* True if the watchdog ended it. */
bool child_hung(const struct child *c);
uint64_t child_input_bytes(const struct child *c);
/* Kills what still runs; closed() does not fire any more. Takes NULL. */
struct child *child_destroy(struct child *c);

#endif
