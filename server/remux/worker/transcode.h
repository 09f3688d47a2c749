/* SPDX-License-Identifier: Apache-2.0 */
/* Uncompressed and G.711 sound, which neither fMP4 nor HLS carries, becomes AAC. */
#ifndef REMUX_WORKER_TRANSCODE_H
#define REMUX_WORKER_TRANSCODE_H

#include "remux/worker/track.h"

bool transcode_takes(enum AVCodecID codec);
/* A sentence's beginning: "G.711 sound". */
const char *transcode_name(enum AVCodecID codec);

struct transcode;
/* par of the source; on success ret_par describes the AAC. */
int transcode_create(const AVCodecParameters *par, AVCodecParameters *ret_par,
                     struct transcode **ret_transcode) MUST_CHECK;
/* start: where the packet's first sample belongs, in samples. What comes out is queued. */
int transcode_push(struct transcode *x, struct track *t, const AVPacket *packet,
                   int64_t start) MUST_CHECK;
int transcode_flush(struct transcode *x, struct track *t) MUST_CHECK;
struct transcode *transcode_destroy(struct transcode *x);
/* Once per process, before jobs. */
void transcode_warm(void);

#endif
