/* SPDX-License-Identifier: Apache-2.0 */
/* The one shape all moving bytes have. A sink is pushed into and may take less than it is offered
 * (back-pressure); a source is pulled from and may have nothing yet. Both belong to one loop;
 * neither is ever called from inside its own resume/ready callback's caller, so no re-entrance. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum stream_end {
    STREAM_COMPLETE,  /* every byte was delivered */
    STREAM_BROKEN,    /* the sender vanished, was too slow, or the server is stopping */
    STREAM_TOO_LARGE, /* the stated limit was passed */
    STREAM_REFUSED,   /* whole, but not what the sender promised (a digest): keep nothing of it */
};

struct sink;
struct sink_ops {
    /* Offer n > 0 bytes. Returns how many were taken, 0..n. After taking fewer than n the sink
     * calls resume() once it can take more; the pusher offers the rest again then. */
    size_t (*push)(struct sink *s, const uint8_t *p, size_t n);
    /* Exactly once, after the last push. */
    void (*end)(struct sink *s, enum stream_end how);
};
struct sink {
    const struct sink_ops *ops;
    void (*resume)(void *arg); /* set by the pusher before the first push */
    void *resume_arg;
};

enum {
    SOURCE_WAIT = 0,
    SOURCE_END = -1
}; /* other negative results: negative errno below -1 (never -EPERM) */
#define SOURCE_UNKNOWN_SIZE UINT64_MAX

struct source;
struct source_ops {
    /* Write up to max > 0 bytes to p. Returns the count, SOURCE_WAIT (the source calls ready()
     * later), SOURCE_END after the last byte, or a negative errno: the stream is then cut off. */
    ssize_t (*pull)(struct source *s, uint8_t *p, size_t max);
    /* Exactly once, whether or not the end was reached; frees the source. */
    void (*close)(struct source *s);
};
struct source {
    const struct source_ops *ops;
    uint64_t size_bytes;      /* exact, or SOURCE_UNKNOWN_SIZE */
    void (*ready)(void *arg); /* set by the puller before the first pull */
    void *ready_arg;
};

#endif
