/* SPDX-License-Identifier: Apache-2.0 */
/* What the loops of live view share: per camera a channel with what it sent in the last two
 * minutes, and who is watching. One per process.
 *
 * A feed (recording/live_tap.h) announces parts; the hub keeps their descriptions, and the journal
 * they lie in stays open as long. Plaintext is read back only while somebody watches, once for all
 * of them, and is bounded over all cameras. A publisher never waits for a viewer: it takes a lock
 * that is never held over anything slow, and wakes the loops that have viewers of this camera, once
 * for however many parts.
 *
 * Feeds that follow each other (the camera reconnects, the next piece comes) are one channel: part
 * and segment numbers go on, and where the tracks or the time line change, that is marked. Of feeds
 * at the same time the one that began last counts. */
#ifndef LIVE_HUB_H
#define LIVE_HUB_H

#include "recording/live_tap.h"

#include <stdbool.h>

enum {
    LIVE_RING_PARTS = 512,      /* per camera */
    LIVE_RING_S = 130,          /* longer than a segment takes to be finished and committed */
    LIVE_LIST_S = 40,           /* of it, in playlists */
    LIVE_SEGMENT_MIN_S = 2,     /* a segment of the playlist ends with the next key picture */
    LIVE_SEGMENT_MAX_S = 10,    /* ... or without one */
    LIVE_SILENT_S = 10,         /* a feed from which nothing comes for so long is not live */
    LIVE_WAIT_S = 30,           /* viewers wait so long for the next feed */
    LIVE_WARM_BYTES = 64 << 20, /* plaintext of all cameras together */
    LIVE_VIEWERS_MAX = 2000     /* per camera */
};

struct live_hub;
struct live_hub *live_hub_create(void);
/* When no loop runs any more. Takes NULL. */
struct live_hub *live_hub_destroy(struct live_hub *h);
/* For whoever publishes; the argument of begin() is the hub. */
extern const struct live_tap_ops live_hub_tap;

/* What a camera does now. Any thread. */
struct live_status {
    bool known;         /* it has sent something lately; the rest is 0 otherwise */
    bool live;          /* ... and still does */
    bool open;          /* a stream is open */
    int64_t since_us;   /* server's clock: begin of the present feed */
    int64_t arrived_us; /* server's clock: the newest part */
    int64_t newest_us;  /* camera's time: the end of the newest part */
    unsigned viewers;
    uint16_t width, height;
    char codecs[72]; /* RFC 6381, as in a media type; "" while not known */
};
void live_hub_status(struct live_hub *h, const struct id *camera, struct live_status *ret_status);

/* Why a view ends. */
enum live_end {
    LIVE_GOES_ON,
    LIVE_ENDED,   /* the camera has stopped sending */
    LIVE_CUT,     /* the owner cut it off */
    LIVE_OFF,     /* the camera was switched off */
    LIVE_REVOKED, /* session, link or right are gone */
    LIVE_FAILED   /* what was sent cannot be read back */
};
/* Every view of the camera ends now. Any thread. */
void live_hub_end_all(struct live_hub *h, const struct id *camera, enum live_end why);
/* One view of the camera ends now, and its session (or its link's account) may not open another one
 * for LIVE_CUT_S. False: no such viewer. Any thread. */
enum { LIVE_CUT_S = 60 };
bool live_hub_cut(struct live_hub *h, const struct id *camera, const struct id *viewer);

struct live_viewer_facts {
    struct id id, account;
    bool hls;
    int64_t since_us;
    unsigned skipped; /* times it was too slow and went on at a later key picture */
    char peer[48];
};
/* The viewers of a camera, at most max. Any thread. */
size_t live_hub_viewers(struct live_hub *h, const struct id *camera, struct live_viewer_facts *out,
                        size_t max);
/* Cameras that send or are watched, at most max. Any thread. */
size_t live_hub_cameras(struct live_hub *h, struct id *out, size_t max);

#endif
