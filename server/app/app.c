/* SPDX-License-Identifier: Apache-2.0 */
/* The main thread has a loop of its own for what belongs to nobody's request: signals, the private
 * database's health, the operator's listener. Requests live on the lanes. */
#include "app/app.h"

#include "app/certificate_files.h"
#include "app/data_dir.h"
#include "app/database.h"
#include "app/lane.h"
#include "app/metrics_listener.h"
#include "app/signals.h"
#include "config/config.h"
#include "crypto/keyring.h"
#include "db/cluster.h"
#include "db/migrate.h"
#include "live/hub.h"
#include "metrics/metrics.h"
#include "storage/spool/spool.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LANES_MAX = 64,
    REASON_MAX = 512,
    SILENT_MAX_MS = 15000,
    POOL_MIN = 8,
    POOL_MAX = 64,
    DRAIN_SLACK_S = 10
};

struct app {
    const struct config *config;
    struct log log;
    char reason[REASON_MAX];
    int lock_fd;
    struct keyring *keyring;
    struct spool *spool;
    struct live_hub *live;
    struct database database;
    struct http_certificate *certificate;
    struct loop *loop;
    struct signals *signals;
    struct timer *deadline; /* of the drain */
    struct metrics_listener *listener;
    struct lane *lanes[LANES_MAX];
    unsigned n_lanes, lanes_live;
    atomic_bool draining;
};

/* ---- start: each step fails with a sentence in app->reason ---- */
static int start_lock(struct app *a)
{
    int r = data_dir_make(a->config, a->reason, REASON_MAX);
    return r != 0 ? r : data_dir_lock(a->config, &a->lock_fd, a->reason, REASON_MAX);
}

static int start_keyring(struct app *a)
{
    const char *path = a->config->master_key_file;
    int r = keyring_load(path, true, &a->keyring);
    if (r != 0) {
        snprintf(a->reason, REASON_MAX, "Cannot use the master key %s: %s.", path,
                 r == -EACCES   ? "it must be readable by its owner only"
                 : r == -EINVAL ? "it must be 32 bytes"
                                : log_errno_text(r));
    }
    return r;
}

static int start_spool(struct app *a)
{
    CLEANUP(mem_free_at) char *dir = mem_printf("%s/spool", a->config->data_dir);
    struct spool_params p = {.dir = dir, .low_water_bytes = a->config->low_water_bytes};
    keyring_derive(a->keyring, "spool", p.key);
    int r = spool_create(&p, &a->spool);
    secret_wipe(p.key, sizeof(p.key));
    if (r != 0) {
        snprintf(a->reason, REASON_MAX, "Cannot use %s: %s.", dir, log_errno_text(r));
    }
    return r;
}

static int start_database(struct app *a)
{
    return database_serve(a->config, &a->log, &a->database, a->reason, REASON_MAX);
}

static int start_schema(struct app *a)
{
    unsigned applied = 0;
    if (!a->config->migrate) {
        return 0;
    }
    int r = migrate_run(a->database.url, &a->log, &applied, a->reason, REASON_MAX);
    if (r == 0 && applied > 0) {
        log_info(&a->log, "schema_migrated", F_INT("applied", applied));
    }
    return r;
}

static int start_certificate(struct app *a)
{
    return !a->config->tls
               ? 0
               : certificate_files_load(a->config, &a->certificate, a->reason, REASON_MAX);
}

/* Disk, password hashing and unsealing share libuv's pool: many of its threads only wait for a
 * disk. */
static int start_pool(struct app *a)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    a->n_lanes =
        a->config->loops > 0 ? (unsigned)a->config->loops : (unsigned)(cores > 0 ? cores : 1);
    a->n_lanes = a->n_lanes > LANES_MAX ? LANES_MAX : a->n_lanes;
    unsigned threads = a->n_lanes * 4 + 4;
    char text[16];
    snprintf(text, sizeof(text), "%u",
             threads < POOL_MIN   ? POOL_MIN
             : threads > POOL_MAX ? POOL_MAX
                                  : threads);
    return setenv("UV_THREADPOOL_SIZE", text, 0) == 0 ? 0 : -errno;
}

/* A connection is a descriptor: take as many as the system lets us. */
static int start_descriptors(struct app *a)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0) {
        return -errno;
    }
    l.rlim_cur = l.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &l) != 0) {
        return -errno;
    }
    uint64_t wanted = a->n_lanes * a->config->connections_max;
    if (l.rlim_cur < wanted) {
        log_info(&a->log, "few_descriptors", F_INT("have", l.rlim_cur), F_INT("wanted", wanted));
    }
    return 0;
}

static void on_lane_ended(void *arg);

static int start_lanes(struct app *a)
{
    struct lane_params p = {
        .config = a->config,
        .log = &a->log,
        .database_url = a->database.url,
        .keyring = a->keyring,
        .spool = a->spool,
        .live = a->live,
        .certificate = a->certificate,
        .draining = &a->draining,
        .lanes = a->n_lanes,
        .main_loop = a->loop,
        .ended = on_lane_ended,
        .arg = a,
    };
    for (unsigned i = 0; i < a->n_lanes; i++) {
        p.keeper = i == 0;
        int r = lane_create(&p, &a->lanes[i], a->reason, REASON_MAX);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

static bool lanes_turn(void *arg)
{
    const struct app *a = arg;
    for (unsigned i = 0; i < a->n_lanes; i++) {
        if (lane_silent_ms(a->lanes[i]) > SILENT_MAX_MS) {
            return false;
        }
    }
    return true;
}

static int start_listener(struct app *a)
{
    return metrics_listener_create(a->loop, a->config, lanes_turn, a, &a->listener, a->reason,
                                   REASON_MAX);
}

static void on_stop(void *arg);
static void on_reload(void *arg);

static int start_running(struct app *a)
{
    a->signals = signals_create(a->loop, on_stop, on_reload, a);
    if (a->database.cluster != NULL) {
        cluster_supervise(a->database.cluster, a->loop);
    }
    for (unsigned i = 0; i < a->n_lanes; i++) {
        lane_start(a->lanes[i]);
        a->lanes_live++;
    }
    log_info(&a->log, "started", F_STR("version", DOORWARD_VERSION),
             F_STR("listen", a->config->listen), F_STR("url", a->config->public_url),
             F_INT("loops", a->n_lanes), F_STR("data_dir", a->config->data_dir));
    printf("ready: %s/\n", a->config->public_url);
    fflush(stdout);
    return 0;
}

/* clang-format off */
static const struct {
    const char *name;
    int (*start)(struct app *a);
} start_order[] = {
    {"lock", start_lock},
    {"keyring", start_keyring},
    {"spool", start_spool},
    {"database", start_database},
    {"schema", start_schema},
    {"certificate", start_certificate},
    {"pool", start_pool},
    {"descriptors", start_descriptors},
    {"listener", start_listener},
    {"lanes", start_lanes},
    {"running", start_running},
};
/* clang-format on */

/* ---- stop: front ends first, so that nothing new comes while the rest goes ---- */
static void on_listener_drained(void *arg)
{
    struct app *a = arg;
    loop_stop(a->loop);
}

static void on_lane_ended(void *arg)
{
    struct app *a = arg;
    if (--a->lanes_live == 0) {
        metrics_listener_drain(a->listener, on_listener_drained, a);
    }
}

static void on_too_slow(void *arg)
{
    struct app *a = arg;
    log_error(&a->log, "drain_too_slow");
    _exit(1);
}

static void on_stop(void *arg)
{
    struct app *a = arg;
    if (atomic_exchange(&a->draining, true)) {
        log_warn(&a->log, "stopped_at_once");
        _exit(1); /* the second signal: a crash is safe here, that is tested */
    }
    log_info(&a->log, "draining", F_INT("grace_s", a->config->drain_s));
    for (unsigned i = 0; i < a->n_lanes; i++) {
        lane_drain(a->lanes[i], a->config->drain_s * 1000);
    }
    timer_set(a->deadline, (a->config->drain_s + DRAIN_SLACK_S) * 1000);
}

static void app_finish(struct app *a)
{
    for (unsigned i = 0; i < a->n_lanes; i++) {
        lane_destroy(a->lanes[i]);
    }
    metrics_listener_destroy(a->listener);
    signals_destroy(a->signals);
    timer_destroy(a->deadline);
    database_close(&a->database);
    loop_destroy(a->loop);
    http_certificate_destroy(a->certificate);
    spool_destroy(a->spool);
    live_hub_destroy(a->live);
    keyring_destroy(a->keyring);
    if (a->lock_fd >= 0) {
        close(a->lock_fd);
    }
    log_info(&a->log, "stopped");
}

/* ---- reload ---- */
static void reload_level(struct app *a)
{
    struct buf errors = BUF_INIT(CONFIG_TEXT_MAX);
    struct config *fresh = NULL;
    if (config_load((const char *const *)environ, &fresh, &errors) == 0) {
        a->log.level = (enum log_level)fresh->log_level;
        config_destroy(fresh);
    } else {
        log_error(&a->log, "reload_refused", F_STR("reason", (const char *)errors.data));
    }
    buf_finish(&errors);
}

static void on_reload(void *arg)
{
    struct app *a = arg;
    metric_add(METRIC_RELOADS, 1);
    reload_level(a);
    if (a->certificate != NULL &&
        certificate_files_reload(a->config, a->certificate, a->reason, REASON_MAX) != 0) {
        log_error(&a->log, "reload_refused", F_STR("reason", a->reason));
        return;
    }
    log_info(&a->log, "reloaded");
}

/* Media passes through buffers of up to a megabyte: the allocator's defaults would give each back
 * to the system at once, and fetch it again page by page (a seventh of the cost of reading). */
static void keep_buffers(void)
{
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

int app_run(const struct config *c, const struct log *log)
{
    keep_buffers();
    struct app a = {.config = c, .log = *log, .lock_fd = -1, .database = {.lock_fd = -1}};
    a.live = live_hub_create();
    int r = 0;
    a.loop = loop_create(&a.log);
    a.deadline = timer_create_on(a.loop, on_too_slow, &a);
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(start_order); i++) {
        r = start_order[i].start(&a);
        if (r != 0) {
            log_error(&a.log, "start_failed", F_STR("step", start_order[i].name),
                      F_STR("reason", a.reason[0] ? a.reason : log_errno_text(r)));
        }
    }
    if (r == 0) {
        loop_run(a.loop);
    }
    app_finish(&a);
    return r;
}
