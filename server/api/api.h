/* SPDX-License-Identifier: Apache-2.0 */
/* What every handler gets: the services of its loop. One `struct api` per loop, filled by app.c.
 * Handlers decode, call a domain function, encode; none is longer than 60 lines. */
#ifndef API_API_H
#define API_API_H

#include "db/db.h"
#include "http/exchange.h"
#include "http/router.h"
#include "ledger/ledger.h"
#include "ledger/principal.h"
#include "remux/remux.h"
#include "storage/store.h"

#include <stdatomic.h>

struct keyring;
struct config;
struct ingest;
struct playback;
struct live;

struct api {
    struct loop *loop;
    const struct log *log;
    const struct config *config;
    struct db *db;
    struct store *store;
    struct remux *remux;
    const struct keyring *keyring;
    struct ingest *ingest;       /* ingest/upload.h */
    struct playback *playback;   /* playback/playback.h */
    struct live *live;           /* live/live.h */
    const char *public_url;      /* https://host[:port], no slash at the end */
    const char *node;            /* this server's name in upload rows */
    const atomic_bool *draining; /* on its way out: /readyz says so */
};

/* Who may call a route; checked before its handler, at header time (so before `100 Continue`). */
enum api_access {
    API_PUBLIC,    /* anyone */
    API_SIGNED_IN, /* account or officer */
    API_ACCOUNT,
    API_OFFICER,
    API_CAMERA, /* Basic or Bearer camera secret; the path's {camera_id} must be it. 401 carries a
                   Basic challenge */
    API_S3,     /* AWS Signature Version 4 by a camera's S3 key; errors are S3's XML */
    API_MEDIA   /* account, or a signed URL for exactly this path */
};

struct api_route {
    enum http_method method;
    const char *pattern;
    enum api_access access;
    void (*handle)(struct http_exchange *x, struct api *api, const struct principal *who);
};
/* THE table (routes.c). A test compares it with docs/openapi.yaml, another walks it against every
 * kind of caller. */
extern const struct api_route api_routes[];
extern const size_t api_routes_n;
/* The same as an http_route table for router_create(); its begin() authenticates and then calls
 * handle(). */
const struct http_route *api_http_routes(void);

/* ---- shared by handlers ---- */
/* {name} as an id; answers 404 itself and returns false when it is not one. */
bool api_param_id(struct http_exchange *x, const char *name, struct id *ret_id);
/* Turn a failed db_status into the right problem (503 with Retry-After, 409, 500). Returns true
 * when it answered. */
bool api_db_failed(struct http_exchange *x, const struct db_reply *r);
/* Answer what a statement's refuse_unless() said: "code" or "code: detail". */
void api_refused(struct http_exchange *x, const char *message);
json_t *api_time(int64_t us); /* RFC 3339 string */
json_t *api_id(const struct id *id);
json_t *api_id_or_null(const struct db_reply *r, unsigned stmt, int row, int col);
json_t *api_time_or_null(const struct db_reply *r, unsigned stmt, int row, int col);
/* Opaque cursor over (microseconds, id): authenticated, so a client cannot make one up. out holds
 * 96 bytes. */
void api_cursor_format(const struct api *api, int64_t us, const struct id *id, char *out);
int api_cursor_parse(const struct api *api, const char *s, int64_t *ret_us,
                     struct id *ret_id) MUST_CHECK;
/* limit query argument: 1..200, default 50; answers 422 itself and returns false otherwise. */
bool api_limit(struct http_exchange *x, unsigned *ret_limit);

#endif
