/* SPDX-License-Identifier: Apache-2.0 */
/* Order matters twice: services are made from the bottom up, and a drain goes from the top down -
 * front end, then uploads that go on without their client, then the database. */
#include "app/lane.h"

#include "api/api.h"
#include "app/observe.h"
#include "app/store_driver.h"
#include "app/upkeep.h"
#include "base/clock.h"
#include "config/config.h"
#include "http/daemon.h"
#include "ingest/piece_work.h"
#include "ingest/resumable.h"
#include "ingest/s3_sweep.h"
#include "ingest/salvage.h"
#include "ingest/upload.h"
#include "live/live.h"
#include "metrics/metrics.h"
#include "playback/playback.h"
#include "recording/compact.h"
#include "recording/recover.h"
#include "recording/scrub.h"
#include "retention/sweep.h"
#include "retention/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { BEAT_MS = 1000, SETTLE_POLL_MS = 50 };

struct lane {
    struct lane_params p;
    struct loop *loop;
    struct db *db;
    struct store *store;
    struct remux *remux;
    struct ingest ingest;
    char *journal_dir;
    struct playback *playback;
    struct live *live;
    struct api api;
    struct router *router;
    char **proxies;
    struct http_limits limits;
    struct http_server *server;
    struct upkeep *upkeep; /* of the keeper, like s3_sweep and recover */
    struct s3_sweep *s3_sweep;
    struct recover *recover;
    struct salvage *salvage; /* of the keeper, too */
    struct resumable_keeper *resumables;
    struct sweep *sweep;
    struct scrub *scrub;
    struct watcher *watcher;
    struct compact *compact;
    struct piece_keeper *pieces;
    int64_t made_us;
    struct timer *beat, *settle;
    unsigned connections; /* as last told to the metrics */
    uint64_t settle_until_ms, grace_ms;
    _Atomic uint64_t beat_at_ms;
    pthread_t thread;
    bool started;
};

/* ---- making ---- */
static unsigned share_of(uint64_t whole, unsigned lanes)
{
    return (unsigned)((whole + lanes - 1) / lanes);
}

static void make_database(struct lane *l)
{
    const struct config *c = l->p.config;
    l->db = db_create(&(struct db_params){
        .loop = l->loop,
        .url = l->p.database_url,
        .connections = (unsigned)c->db_connections,
        .waiting_max = (unsigned)c->db_waiting_max,
        .deadline_ms = c->db_deadline_ms,
    });
}

static int make_store(struct lane *l, char *reason, size_t size)
{
    struct store_driver *driver = NULL;
    int r = store_driver_create(l->p.config, &driver, reason, size);
    if (r == 0) {
        l->store = store_create(l->loop, driver);
    }
    return r;
}

static int make_remux(struct lane *l, char *reason, size_t size)
{
    const struct config *c = l->p.config;
    int r = remux_create(&(struct remux_params){.loop = l->loop,
                                                .worker_path = c->worker_path,
                                                .spool_dir = c->data_dir,
                                                .jobs_max = share_of(c->uploads_max, l->p.lanes),
                                                .stall_ms = c->worker_stall_ms},
                         &l->remux);
    if (r != 0) {
        snprintf(reason, size, "Cannot start the media worker %s: %s.", c->worker_path,
                 log_errno_text(r));
    }
    return r;
}

static void on_camera_off(void *arg, const struct id *camera)
{
    struct lane *l = arg;
    ingest_camera_stop(&l->ingest, camera);
}

static void make_live(struct lane *l)
{
    l->ingest.tap = &live_hub_tap;
    l->ingest.tap_arg = l->p.live;
    l->live = live_create(&(struct live_params){.loop = l->loop,
                                                .db = l->db,
                                                .store = l->store,
                                                .keyring = l->p.keyring,
                                                .hub = l->p.live,
                                                .camera_off = on_camera_off,
                                                .arg = l,
                                                .keeper = l->p.keeper});
}

static void fill_services(struct lane *l)
{
    const struct config *c = l->p.config;
    l->journal_dir = mem_printf("%s/journal", c->data_dir);
    l->ingest = (struct ingest){
        .loop = l->loop,
        .log = l->p.log,
        .db = l->db,
        .store = l->store,
        .spool = l->p.spool,
        .remux = l->remux,
        .keyring = l->p.keyring,
        .node = c->node,
        .segment_max_ms = (uint32_t)c->segment_max_ms,
        .upload_max_bytes = c->upload_max_bytes,
        .resumable_keep_us = (int64_t)c->resumable_keep_s * CLOCK_US,
        .resumable_idle_us = (int64_t)c->resumable_idle_s * CLOCK_US,
        .journal_dir = l->journal_dir,
    };
    make_live(l);
    l->playback =
        playback_create(&(struct playback_params){.loop = l->loop,
                                                  .db = l->db,
                                                  .store = l->store,
                                                  .remux = l->remux,
                                                  .keyring = l->p.keyring,
                                                  .node = c->node,
                                                  .thumbs_ahead = l->p.keeper && c->thumbs_ahead,
                                                  .draining = l->p.draining});
    l->api = (struct api){
        .loop = l->loop,
        .log = l->p.log,
        .config = c,
        .db = l->db,
        .store = l->store,
        .remux = l->remux,
        .keyring = l->p.keyring,
        .ingest = &l->ingest,
        .playback = l->playback,
        .live = l->live,
        .public_url = c->public_url,
        .node = c->node,
        .draining = l->p.draining,
    };
}

static struct http_limits limits_of(const struct config *c)
{
    return (struct http_limits){
        .connections = (unsigned)c->connections_max,
        .connections_per_ip = (unsigned)c->connections_per_ip,
        .memory_bytes = c->connection_memory_bytes,
        .handshake_s = (unsigned)c->handshake_timeout_s,
        .header_s = (unsigned)c->header_timeout_s,
        .idle_s = (unsigned)c->idle_timeout_s,
        .body_idle_s = (unsigned)c->body_idle_timeout_s,
        .body_min_rate = (unsigned)c->body_min_rate,
        .handler_s = (unsigned)c->handler_timeout_s,
        .send_idle_s = (unsigned)c->send_idle_timeout_s,
    };
}

static int make_server(struct lane *l, char *reason, size_t size)
{
    const struct config *c = l->p.config;
    char host[CONFIG_HOST_SIZE] = "";
    uint16_t port = 0;
    int r = config_address_parse(c->listen, host, &port);
    l->router = router_create(api_http_routes(), api_routes_n);
    l->proxies = config_list(c->trusted_proxies);
    l->limits = limits_of(c);
    r = r != 0 ? r
               : http_server_create(
                     &(struct http_server_params){
                         .loop = l->loop,
                         .host = host[0] == '\0' || strcmp(host, "::") == 0 ? NULL : host,
                         .port = port,
                         .certificate = l->p.certificate,
                         .router = l->router,
                         .app = &l->api,
                         .limits = &l->limits,
                         .trusted_proxies = (const char *const *)l->proxies,
                         .mount = {.host = c->s3_host, .prefix = "/s3"},
                         .observe = observe_exchange,
                     },
                     &l->server);
    if (r != 0) {
        snprintf(reason, size, "Cannot listen on %s: %s.", c->listen, log_errno_text(r));
    }
    return r;
}

static void on_beat(void *arg)
{
    struct lane *l = arg;
    atomic_store(&l->beat_at_ms, clock_mono_ms());
    unsigned now = http_server_connections(l->server);
    metric_add(METRIC_HTTP_CONNECTIONS, (int64_t)now - l->connections);
    l->connections = now;
    timer_set(l->beat, BEAT_MS);
}

static void on_settle(void *arg);

int lane_create(const struct lane_params *p, struct lane **ret_lane, char *reason, size_t size)
{
    struct lane *l = mem_new(struct lane);
    l->p = *p;
    l->made_us = clock_now_us(); /* no lane takes uploads yet */
    l->loop = loop_create(p->log);
    l->beat = timer_create_on(l->loop, on_beat, l);
    l->settle = timer_create_on(l->loop, on_settle, l);
    make_database(l);
    int r = make_store(l, reason, size);
    r = r != 0 ? r : make_remux(l, reason, size);
    fill_services(l);
    r = r != 0 ? r : make_server(l, reason, size);
    if (r != 0) {
        lane_destroy(l);
        return r;
    }
    *ret_lane = l;
    return 0;
}

/* ---- running ---- */
static void on_erased(void *arg)
{
    struct lane *l = arg;
    recover_garbage(l->recover);
}

static void begin_keeping(struct lane *l)
{
    l->sweep = sweep_create(&(struct sweep_params){.loop = l->loop,
                                                   .db = l->db,
                                                   .store = l->store,
                                                   .keyring = l->p.keyring,
                                                   .node = l->p.config->node,
                                                   .every_s = l->p.config->retention_sweep_s,
                                                   .erased = on_erased,
                                                   .arg = l});
    l->scrub = scrub_create(&(struct scrub_params){.loop = l->loop,
                                                   .db = l->db,
                                                   .store = l->store,
                                                   .keyring = l->p.keyring,
                                                   .node = l->p.config->node,
                                                   .round_s = l->p.config->scrub_s});
    uint64_t lag_s = l->p.config->recording_lag_s;
    l->watcher = watcher_create(&(struct watcher_params){
        .loop = l->loop, .db = l->db, .every_s = lag_s / 6 + 1, .lag_s = lag_s});
}

static void *lane_thread(void *arg)
{
    struct lane *l = arg;
    on_beat(l);
    if (l->p.keeper) {
        l->upkeep = upkeep_create(l->loop, l->db);
        l->resumables = resumable_keeper_create(&l->ingest);
        l->s3_sweep = s3_sweep_create(&l->ingest);
        l->salvage = salvage_create(&l->ingest, l->made_us);
        l->recover = recover_create(&(struct recover_params){.loop = l->loop,
                                                             .db = l->db,
                                                             .store = l->store,
                                                             .node = l->p.config->node,
                                                             .before_us = l->made_us});
        l->pieces = piece_keeper_create(&l->ingest);
        begin_keeping(l);
        l->compact = compact_create(&(struct compact_params){
            .loop = l->loop,
            .db = l->db,
            .store = l->store,
            .keyring = l->p.keyring,
            .node = l->p.config->node,
            .rest_us = (int64_t)l->p.config->compact_after_s * CLOCK_US,
            .segment_max_ms = (uint32_t)l->p.config->segment_max_ms,
        });
    }
    loop_run(l->loop);
    loop_post(l->p.main_loop, l->p.ended, l->p.arg);
    return NULL;
}

void lane_start(struct lane *l)
{
    atomic_store(&l->beat_at_ms, clock_mono_ms());
    ALWAYS(pthread_create(&l->thread, NULL, lane_thread, l) == 0);
    l->started = true;
}

uint64_t lane_silent_ms(const struct lane *l)
{
    uint64_t at = atomic_load(&l->beat_at_ms), now = clock_mono_ms();
    return now > at ? now - at : 0;
}

/* ---- draining ---- */
static void on_db_drained(void *arg)
{
    struct lane *l = arg;
    loop_stop(l->loop);
}

/* Uploads whose client has gone still keep what they have: wait for them, within the grace. */
static void on_settle(void *arg)
{
    struct lane *l = arg;
    bool busy = l->ingest.live > 0 || playback_busy(l->playback) || live_busy(l->live) ||
                store_busy(l->store) > 0 || loop_offloaded(l->loop) > 0;
    if (busy && clock_mono_ms() < l->settle_until_ms) {
        timer_set(l->settle, SETTLE_POLL_MS);
        return;
    }
    db_drain(l->db, on_db_drained, l);
}

static void on_server_drained(void *arg)
{
    struct lane *l = arg;
    on_settle(l);
}

static void begin_drain(void *arg)
{
    struct lane *l = arg;
    ingest_drain(&l->ingest);
    live_drain(l->live);
    l->upkeep = upkeep_destroy(l->upkeep);
    l->watcher = watcher_destroy(l->watcher);
    l->scrub = scrub_destroy(l->scrub);
    l->sweep = sweep_destroy(l->sweep); /* before recover, which it wakes */
    l->s3_sweep = s3_sweep_destroy(l->s3_sweep);
    l->recover = recover_destroy(l->recover);
    l->salvage = salvage_destroy(l->salvage);
    l->resumables = resumable_keeper_destroy(l->resumables);
    l->compact = compact_destroy(l->compact);
    l->pieces = piece_keeper_destroy(l->pieces);
    l->settle_until_ms = clock_mono_ms() + l->grace_ms;
    http_server_drain(l->server, l->grace_ms, on_server_drained, l);
}

void lane_drain(struct lane *l, uint64_t grace_ms)
{
    l->grace_ms = grace_ms;
    loop_post(l->loop, begin_drain, l);
}

struct lane *lane_destroy(struct lane *l)
{
    if (l == NULL) {
        return NULL;
    }
    if (l->started) {
        pthread_join(l->thread, NULL);
    }
    http_server_destroy(l->server);
    playback_destroy(l->playback);
    live_destroy(l->live);
    remux_destroy(l->remux);
    if (l->store != NULL) {
        store_destroy(l->store);
    }
    db_destroy(l->db);
    router_destroy(l->router);
    free(l->proxies);
    free(l->journal_dir);
    timer_destroy(l->beat);
    timer_destroy(l->settle);
    loop_destroy(l->loop);
    free(l);
    return NULL;
}
