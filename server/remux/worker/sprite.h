/* SPDX-License-Identifier: Apache-2.0 */
/* Many small pictures in one JPEG. The input is a row of tiles: its number (one byte), the length
 * (32 bits, big-endian), then a fragmented MP4 that begins with a key picture. A tile that cannot
 * be decoded, or never comes, stays black. */
#ifndef REMUX_WORKER_SPRITE_H
#define REMUX_WORKER_SPRITE_H

#include "remux/worker/channel.h"
#include "remux/worker/input.h"

void sprite_make(const struct job_order *order, struct channel *channel, struct input *input,
                 struct channel_done *verdict);

#endif
