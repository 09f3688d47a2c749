/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz: this process answers. /readyz: it can do its work - database, storage, media worker,
 * schema - and is not on its way out. For load balancers; says no more than they need. */
#include "api/handlers.h"

enum { READY_DEADLINE_MS = 5000 };

struct readiness {
    struct http_exchange *x;
    struct api *api;
    int64_t schema; /* 0 = the database does not answer */
    int storage;    /* store_health() */
};

void api_health_live(struct http_exchange *x, struct api *api, const struct principal *who)
{
    http_answer_json(x, 200, json_pack("{s:s}", "status", "ok"));
}

static void answer(struct readiness *r)
{
    bool draining = atomic_load(r->api->draining);
    bool media = remux_ready(r->api->remux);
    bool ready = r->schema > 0 && r->storage == 0 && media && !draining;
    const char *storage = r->storage == 0              ? "ok"
                          : r->storage == STORE_E_FULL ? "full"
                                                       : "unavailable";
    http_add_header(r->x, "Cache-Control", "no-store");
    http_answer_json(r->x, ready ? 200 : 503,
                     json_pack("{s:b,s:b,s:s,s:s,s:s,s:I}", "ready", ready, "draining", draining,
                               "database", r->schema > 0 ? "ok" : "unavailable", "storage", storage,
                               "media", media ? "ok" : "unavailable", "schema",
                               (json_int_t)r->schema));
}

static void look_at_storage(void *arg)
{
    struct readiness *r = arg;
    r->storage = store_health(r->api->store);
}

static void on_storage(void *arg)
{
    answer(arg);
}

static void on_database(void *arg, const struct db_reply *reply)
{
    struct readiness *r = arg;
    r->schema = db_status(reply) == 0 ? db_i64(reply, 0, 0, 0) : 0;
    loop_offload(r->api->loop, look_at_storage, on_storage, r);
}

void api_health_ready(struct http_exchange *x, struct api *api, const struct principal *who)
{
    struct readiness *r = http_alloc(x, sizeof(*r));
    *r = (struct readiness){.x = x, .api = api};
    http_set_deadline(x, READY_DEADLINE_MS + 1000);
    db_run(api->db, on_database, r, DB_HEALTH_PING);
}
