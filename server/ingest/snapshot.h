/* SPDX-License-Identifier: Apache-2.0 */
/* A JPEG that a camera pushes again and again under one name: the newest is the camera's still, not
 * a clip. What is kept is a JPEG of our own making, from the jail, sealed like an object. */
#ifndef INGEST_SNAPSHOT_H
#define INGEST_SNAPSHOT_H

#include "ingest/upload.h"

enum { SNAPSHOT_BYTES_MAX = 4 << 20 };

/* status: 0 or INGEST_E_. taken_us: when it came; bytes: of what is kept. */
typedef void snapshot_done_fn(void *arg, int status, const char *reason, int64_t taken_us,
                              size_t bytes);
/* The bytes are copied. done exactly once, never before this returns. */
void snapshot_begin(struct ingest *in, const struct principal *camera, const uint8_t *jpeg,
                    size_t n, snapshot_done_fn *done, void *arg);

#endif
