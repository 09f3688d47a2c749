/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a loaded clip's files, by range. A block is at most 1 MiB and read in one go for short
 * answers; a stream reads one block ahead and holds at most about 2 MiB. Both keep the clip. */
#ifndef PLAYBACK_STREAM_H
#define PLAYBACK_STREAM_H

#include "base/stream.h"
#include "playback/playback.h"

enum { STREAM_BLOCK_MAX = 1 << 20 };
#define STREAM_MP4 UINT32_MAX /* the virtual MP4, instead of a segment's number */

uint64_t stream_size(const struct playback_clip *c, uint32_t file);

/* status 0 or what segment_read() says; p is malloc'd and belongs to the callback, NULL unless
 * status is 0. */
typedef void stream_block_fn(void *arg, int status, uint8_t *p, size_t n);
/* Bytes [from, to) of the file, 1..STREAM_BLOCK_MAX of them, inside it. done exactly once; before
 * this returns when nothing must be read. */
void stream_block(struct playback_clip *c, uint32_t file, uint64_t from, uint64_t to,
                  stream_block_fn *done, void *arg);

/* Bytes [from, to) as a source; nothing is read before the first pull. */
struct source *stream_create(struct playback_clip *c, uint32_t file, uint64_t from, uint64_t to);

#endif
