/* SPDX-License-Identifier: Apache-2.0 */
/* Plaintext of a stored segment, range by range. Reading and opening happen on a pool thread.
 * Callers: playback, share, ingest. Whoever calls has decided that its user may see these bytes. */
#ifndef RECORDING_SEGMENT_READ_H
#define RECORDING_SEGMENT_READ_H

#include "crypto/seal.h"
#include "storage/store.h"

enum { SEGMENT_READ_MAX = 1 << 20 };

struct segment_ref {
    struct seal_params seal; /* object, household, key */
    uint64_t plain_bytes;    /* of its row */
};

/* status: 0; STORE_E_ (NOT_FOUND and SHORT mean that store and rows disagree); -EBADMSG: the bytes
 * are not what was sealed. p is malloc'd and belongs to the callback; NULL unless status is 0. */
typedef void segment_read_fn(void *arg, int status, uint8_t *p, size_t n);
/* Bytes [from, to), at most SEGMENT_READ_MAX; outside the segment or empty: -EINVAL. ref is copied.
 * done exactly once, never before this returns; it cannot be cancelled. */
void segment_read(struct store *s, const struct segment_ref *ref, uint64_t from, uint64_t to,
                  segment_read_fn *done, void *arg);

#endif
