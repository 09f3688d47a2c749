/* SPDX-License-Identifier: Apache-2.0 */
/* A view as one endless fragmented MP4 (docs/design/live.md): the init, then from the newest key
 * picture on every part as it comes, each with a prft box in front (the wall clock at which its
 * first picture was taken). The time line begins near zero and has no holes, whatever the camera's
 * does.
 *
 * A viewer that is LIVE_BEHIND_S behind goes on at the newest key picture; an emsg box `skipped`
 * stands where that was, and the list of viewers counts it. When the camera ceases to send, the
 * stream waits LIVE_WAIT_S for it. An emsg `ended` with the reason is the last box. */
#ifndef LIVE_STREAM_H
#define LIVE_STREAM_H

#include "base/stream.h"
#include "live/live.h"

enum { LIVE_BEHIND_S = 10 };

/* Takes the view; left when the source is closed. from_us: 0 for the newest key picture, else the
 * past is sent first, from there on. */
struct source *live_stream_create(struct live_view *v, int64_t from_us);

#endif
