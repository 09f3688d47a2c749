/* SPDX-License-Identifier: Apache-2.0 */
/* Live view on one loop: who may watch, the record of it, and views that end by themselves when a
 * session, a right or the camera is switched off. What is watched comes from the hub (hub.h); how:
 * stream.h (one endless file) and hls.h (low-latency playlists). Callers: api. */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "db/db.h"
#include "ledger/principal.h"
#include "live/hub.h"
#include "storage/store.h"

struct keyring;

enum { LIVE_RECHECK_MS = 3000, LIVE_PEER_SIZE = 48 };

struct live;
struct live_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    struct live_hub *hub;
    /* A camera was switched off, by whomever: its uploads on this loop end now. */
    void (*camera_off)(void *arg, const struct id *camera);
    void *arg;
    bool keeper; /* looks every second for cameras that were switched off through another server */
};
struct live *live_create(const struct live_params *p);
/* Every view ends, so that a drain is not waited for. */
void live_drain(struct live *l);
/* Something is under way that will come back here. */
bool live_busy(const struct live *l);
/* Takes NULL. */
struct live *live_destroy(struct live *l);
struct live_hub *live_hub_of(const struct live *l);

/* Every loop ends the camera's uploads, and every view of it ends. On this loop at once, elsewhere
 * within a turn. */
void live_switch_off(struct live *l, const struct id *camera);

/* ---- entering ---- */
enum {
    LIVE_E_NOT_FOUND = 1, /* no such camera, or not for this account: there is no telling */
    LIVE_E_FORBIDDEN,     /* without the right to watch */
    LIVE_E_OFF,           /* switched off */
    LIVE_E_CUT,           /* its owner cut this viewer off a moment ago */
    LIVE_E_FULL,          /* LIVE_VIEWERS_MAX */
    LIVE_E_UNAVAILABLE    /* the database does not answer */
};
struct live_enter {
    const struct principal *who;
    struct id camera;
    bool hls;                      /* one of many requests that together are one view */
    bool history;                  /* the past is wanted too: needs that right */
    int64_t until_us;              /* the link's end; 0: none */
    const char *peer, *request_id; /* copied */
};
/* One request's hold on a view. */
struct live_view;
/* status 0: v is the callback's. The ledger has its entry `camera.live`. */
typedef void live_entered_fn(void *arg, int status, struct live_view *v);
/* Checks the right, makes or finds the viewer, records it. done exactly once, never before this
 * returns. */
void live_enter(struct live *l, const struct live_enter *e, live_entered_fn *done, void *arg);
void live_leave(struct live_view *v); /* takes NULL */

/* Wait until the camera sends (its init is known), at most ms. done(arg, status) once, later:
 * LIVE_GOES_ON, or why not. */
typedef void live_ready_fn(void *arg, enum live_end how);
void live_await(struct live_view *v, uint64_t ms, live_ready_fn *done, void *arg);
/* "video/mp4; codecs=\"...\"" of what is sent now; false while that is not known. */
enum { LIVE_TYPE_SIZE = 112 };
bool live_media_type(const struct live_view *v, char out[LIVE_TYPE_SIZE]);

#endif
