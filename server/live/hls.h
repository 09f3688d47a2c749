/* SPDX-License-Identifier: Apache-2.0 */
/* A view as low-latency HLS: the playlist (playlist.h), which may wait for a part that is about to
 * come, and the files that it names. */
#ifndef LIVE_HLS_H
#define LIVE_HLS_H

#include "base/stream.h"
#include "live/live.h"
#include "live/playlist.h"

enum {
    HLS_E_AHEAD = 1, /* a part too far in the future */
    HLS_E_LATE,      /* what was waited for did not come in time */
    HLS_E_NONE,      /* no such part (any more), or the camera does not send */
    HLS_E_ENDED,     /* the view is over: the server stops, the camera stays away */
    HLS_E_PUT_OUT    /* its owner cut it off, or the camera was switched off */
};

struct live_playlist_params {
    struct playlist_ask ask;
    const char *query; /* as in struct playlist; copied */
    /* status 0: text is malloc'd and the callback's. */
    void (*done)(void *arg, int status, char *text, size_t n);
    void *arg;
};
/* done exactly once, later. The view stays the caller's, who keeps it until then. */
void live_playlist(struct live_view *v, const struct live_playlist_params *p);

struct live_file_params {
    enum playlist_kind kind;
    uint64_t number;
    /* status 0: the file; its source keeps a reference of its own to what it sends, but not to the
     * view: leave that after the source is closed. */
    void (*done)(void *arg, int status, struct source *body);
    void *arg;
};
void live_file(struct live_view *v, const struct live_file_params *p);

#endif
