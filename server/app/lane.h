/* SPDX-License-Identifier: Apache-2.0 */
/* One lane: a loop on a thread of its own with everything it owns - database pool, store, media
 * workers, front end. Lanes share nothing but what lane_params points to, so there are no locks. */
#ifndef APP_LANE_H
#define APP_LANE_H

#include "base/loop.h"

#include <stdatomic.h>

struct config;
struct http_certificate;
struct keyring;
struct live_hub;
struct spool;

struct lane_params { /* all borrowed for the lane's life */
    const struct config *config;
    const struct log *log;
    const char *database_url;
    const struct keyring *keyring;
    struct spool *spool;
    struct live_hub *live;
    struct http_certificate *certificate; /* NULL = plain HTTP */
    const atomic_bool *draining;
    unsigned lanes; /* limits of the whole server are divided by it */
    bool keeper;    /* does the upkeep for all */
    struct loop *main_loop;
    loop_fn *ended; /* posted there once after lane_drain(), when the lane's thread ends */
    void *arg;
};

struct lane;
/* Everything made and listening, nothing running yet. Creates processes, so call it before any
 * lane_start(). On failure reason holds one sentence. */
int lane_create(const struct lane_params *p, struct lane **ret_lane, char *reason,
                size_t size) MUST_CHECK;
void lane_start(struct lane *l);
/* From the main thread: the front end finishes what is under way (at most grace_ms), then the
 * thread ends. */
void lane_drain(struct lane *l, uint64_t grace_ms);
/* Joins the thread if it was started. Takes NULL. */
struct lane *lane_destroy(struct lane *l);
/* Milliseconds since the loop last turned: large when something blocks it. */
uint64_t lane_silent_ms(const struct lane *l);

#endif
