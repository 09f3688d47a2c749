/* SPDX-License-Identifier: Apache-2.0 */
/* A still: the first picture that decodes, made upright and small, as JPEG. */
#ifndef REMUX_WORKER_PICTURE_H
#define REMUX_WORKER_PICTURE_H

#include "remux/worker/channel.h"
#include "remux/worker/input.h"

#include <libavcodec/packet.h>
#include <libavutil/frame.h>

void picture_make(const struct job_order *order, struct channel *channel, struct input *input,
                  struct channel_done *verdict);
/* Once per process, before jobs. */
void picture_warm(void);

/* ---- its steps, for sprite.c; all 0 or negative ---- */
struct picture_size {
    unsigned width, height; /* height 0: any */
};
/* ret_upright: an empty frame; full-range 4:2:0 on success. */
int picture_decode(AVIOContext *from, const struct picture_size *max,
                   AVFrame *ret_upright) MUST_CHECK;
/* The same of a JPEG. */
int picture_decode_jpeg(AVIOContext *from, const struct picture_size *max,
                        AVFrame *ret_upright) MUST_CHECK;
int picture_allocate(AVFrame *f, int width, int height) MUST_CHECK;
/* quality: 2 (best) .. 31. ret_jpeg: an empty packet. */
int picture_encode(AVFrame *f, int quality, AVPacket *ret_jpeg) MUST_CHECK;
int picture_send(struct channel *channel, const AVPacket *jpeg) MUST_CHECK;

#endif
