/* SPDX-License-Identifier: Apache-2.0 */
/* A JPEG of a clip's first key picture, decoded in the jail, kept with the loaded clip. */
#ifndef PLAYBACK_STILL_H
#define PLAYBACK_STILL_H

#include "playback/playback.h"

/* At once, so that a page full of clips never takes the workers that uploads need; and waiting. */
enum { STILL_RUNNING_MAX = 2, STILL_WAITING_MAX = 200, STILL_WIDTH_MAX = 640 };
enum { STILL_E_BUSY = 1, STILL_E_NONE /* no picture to make it from */, STILL_E_FAILED };

/* jpeg is borrowed until the callback returns; NULL unless status is 0. */
typedef void still_fn(void *arg, int status, const uint8_t *jpeg, size_t n);
/* done exactly once; before this returns when the picture is there already. */
void still_get(struct playback_clip *c, still_fn *done, void *arg);

#endif
