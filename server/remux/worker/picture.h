/* SPDX-License-Identifier: Apache-2.0 */
/* A still: the first picture that decodes, made upright and small, as JPEG. */
#ifndef REMUX_WORKER_PICTURE_H
#define REMUX_WORKER_PICTURE_H

#include "remux/worker/channel.h"
#include "remux/worker/input.h"

void picture_make(const struct job_order *order, struct channel *channel, struct input *input,
                  struct channel_done *verdict);
/* Once per process, before jobs. */
void picture_warm(void);

#endif
