/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a stored segment becomes an object of its own, sealed under another key: its init, then
 * a run of its fragments, unchanged. Callers: share, retention. Whoever calls owns the new object
 * by an upload row from before the call on, so that a crash leaves nothing that nobody finds. */
#ifndef RECORDING_SEGMENT_COPY_H
#define RECORDING_SEGMENT_COPY_H

#include "recording/segment_read.h"

struct segment_copy_params {
    struct loop *loop;
    struct store *store;
    const struct segment_ref *from;   /* copied */
    const struct seal_params *to;     /* the new object; copied */
    uint64_t init_bytes;              /* from the front of the segment */
    uint64_t body_offset, body_bytes; /* then these */
};
/* status: 0, STORE_E_, or -EBADMSG when the segment does not open. sealed only when 0. */
typedef void segment_copy_fn(void *arg, int status, const struct seal_result *sealed);
/* done exactly once, never before this returns; durable when status is 0. Cannot be cancelled. */
void segment_copy(const struct segment_copy_params *p, segment_copy_fn *done, void *arg);

#endif
