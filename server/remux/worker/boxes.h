/* SPDX-License-Identifier: Apache-2.0 */
/* The MP4 boxes of a segment, as bytes. Pure. */
#ifndef REMUX_WORKER_BOXES_H
#define REMUX_WORKER_BOXES_H

#include "base/buf.h"
#include "remux/index.h"

enum { BOXES_INIT_MAX = 128 << 10, BOXES_MOOF_MAX = 4 << 20 };

/* ftyp and moov of a fragmented file with these tracks. */
void boxes_init(struct buf *out, const struct index_track *tracks, size_t n);
/* moof and the mdat's header for fragment f, whose samples are tracks[].samples[run]; mdat_bytes is
 * in f already. base: per track, what is added to decode times. */
void boxes_moof(struct buf *out, uint32_t sequence, const struct index_track *tracks, size_t n,
                const struct index_fragment *f, const int64_t *base, uint32_t *ret_moof_bytes);

#endif
