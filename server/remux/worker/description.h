/* SPDX-License-Identifier: Apache-2.0 */
/* How a track is described in a moov: the stsd box and the RFC 6381 codec name. */
#ifndef REMUX_WORKER_DESCRIPTION_H
#define REMUX_WORKER_DESCRIPTION_H

#include "remux/index.h"
#include "remux/worker/track.h"

/* Fill codec, stsd (owned by ret_track), width, height, matrix, channels, rate, time scale. The
 * track must be described; its first queued packet is looked at for formats that need it. Negative
 * errno: libav cannot describe it. */
int description_make(const struct track *t, struct index_track *ret_track) MUST_CHECK;

#endif
