/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd under our loop. Its epoll descriptor is watched; after every run its time-out is
 * honoured, because its inner epoll is edge-triggered: "0" means that something ready is still
 * waiting. A few rounds are run at once, then the loop gets its turn. */
#include "http/state.h"

#include "base/clock.h"
#include "http/listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PUMP_ROUNDS = 8, SWEEP_MS = 1000 };

const struct http_limits http_limits_default = {
    .connections = 20000,
    .memory_bytes = 64 * 1024,
    .handshake_s = 10,
    .header_s = 20,
    .idle_s = 75,
    .body_idle_s = 30,
    .body_min_rate = 1024,
    .handler_s = 30,
    .send_idle_s = 60,
};

/* ---- running ---- */

static void pump(void *arg)
{
    struct http_server *s = arg;
    unsigned long long wait_ms = 0;
    bool timed = true;
    s->pumping = true;
    for (int i = 0; i < PUMP_ROUNDS && ((timed && wait_ms == 0) || s->again); i++) {
        s->again = false;
        MHD_run(s->mhd);
        timed = MHD_get_timeout(s->mhd, &wait_ms) == MHD_YES;
    }
    s->pumping = false;
    if (s->again || timed) {
        timer_set(s->pump, s->again ? 0 : wait_ms);
        s->again = false;
    }
}

static void on_epoll(void *arg, int events)
{
    pump(arg);
}

void server_kick(struct http_server *s)
{
    if (s->pumping) {
        s->again = true;
    } else {
        timer_set(s->pump, 0);
    }
}

static void on_sweep(void *arg)
{
    struct http_server *s = arg;
    uint64_t now = clock_mono_ms();
    sweep_run(s, now);
    linger_sweep(s, now);
    timer_set(s->sweep, SWEEP_MS);
}

/* ---- connections ---- */

static void conn_started(struct http_server *s, struct MHD_Connection *mhd, void **slot)
{
    struct http_conn *c = mem_new(struct http_conn);
    c->server = s;
    c->mhd = mhd;
    c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    c->phase = s->certificate != NULL ? CONN_HANDSHAKE : CONN_IDLE;
    c->since_ms = clock_mono_ms();
    list_append(&s->conns, &c->node);
    s->n_conns++;
    *slot = c;
    if (s->certificate != NULL && tls_session_begin(c) < 0) {
        shutdown(c->fd, SHUT_RDWR);
    }
}

static void conn_closed(struct http_conn *c)
{
    struct http_server *s = c->server;
    if (c->lingering && !s->quiesced) {
        linger_begin(s, c->fd);
    }
    tls_session_end(c);
    list_remove(&c->node);
    s->n_conns--;
    conn_forget_body(c);
    free(c);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_started(cls, mhd, slot);
    } else if (*slot != NULL) {
        conn_closed(*slot);
        *slot = NULL;
    }
}

unsigned http_server_connections(const struct http_server *s)
{
    return s->n_conns;
}

/* ---- starting ---- */

/* Handlers see escapes as they were sent; uri.c decodes. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *s)
{
    return strlen(s);
}

/* libmicrohttpd says in words that it is about to refuse a Content-Length; see raw.c. */
static void on_log(void *cls, const char *format, va_list ap)
{
    if (strstr(format, "parse `Content-Length'") != NULL ||
        strstr(format, "value of 'Content-Length'") != NULL) {
        raw_refuse_lengths(cls);
    }
}

static int start_mhd(struct http_server *s)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem options[12];
    unsigned n = 0;
#define OPTION(o, v, p) options[n++] = (struct MHD_OptionItem){(o), (intptr_t)(v), (p)}
    OPTION(MHD_OPTION_CONNECTION_LIMIT, s->limits.connections, NULL);
    OPTION(MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->limits.connections_per_ip, NULL);
    OPTION(MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->limits.memory_bytes, NULL);
    OPTION(MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL);
#if MHD_VERSION >= 0x01000000
    OPTION(MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL);
#endif
    if (s->certificate != NULL) {
        union {
            const char *in;
            void *out;
        } priorities = {.in = tls_priorities}; /* libmicrohttpd only reads it */
        flags |= MHD_USE_TLS;
        OPTION(MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_no_certificate());
        OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0, priorities.out);
    }
    OPTION(MHD_OPTION_END, 0, NULL);
#undef OPTION
    s->mhd = MHD_start_daemon(
        flags, 0, NULL, NULL, exchange_on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
        MHD_OPTION_LISTEN_SOCKET, s->listen_fd, MHD_OPTION_URI_LOG_CALLBACK, exchange_on_uri, s,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, s, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY,
        options, MHD_OPTION_END);
    return s->mhd == NULL ? -ENOMEM : 0;
}

static struct http_server *server_new(const struct http_server_params *p)
{
    struct http_server *s = mem_new(struct http_server);
    s->loop = p->loop;
    s->certificate = p->certificate;
    s->router = p->router;
    s->app = p->app;
    s->limits = p->limits != NULL ? *p->limits : http_limits_default;
    s->trusted_proxies = p->trusted_proxies;
    s->mount = p->mount;
    s->observe = p->observe;
    list_init(&s->conns);
    list_init(&s->lingers);
    return s;
}

int http_server_create(const struct http_server_params *p, struct http_server **ret_server)
{
    int fd;
    uint16_t port;
    int r = listen_open(p->host, p->port, &fd, &port);
    if (r < 0) {
        return r;
    }
    struct http_server *s = server_new(p);
    s->listen_fd = fd;
    s->port = port;
    r = start_mhd(s);
    if (r < 0) {
        listen_forget(port);
        close(fd);
        free(s);
        return r;
    }
    s->pump = timer_create_on(p->loop, pump, s);
    s->sweep = timer_create_on(p->loop, on_sweep, s);
    int epoll_fd = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    s->watch = watch_create(p->loop, epoll_fd, on_epoll, s);
    watch_set(s->watch, UV_READABLE);
    timer_set(s->sweep, SWEEP_MS);
    server_kick(s); /* only a run puts the listening socket into its epoll */
    *ret_server = s;
    return 0;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

/* ---- stopping ---- */

static void finish_drain(void *arg)
{
    struct http_server *s = arg;
    loop_fn *fn = s->drained;
    s->drained = NULL;
    timer_stop(s->drain);
    if (fn != NULL) {
        fn(s->drained_arg);
    }
}

void server_exchange_over(struct http_server *s)
{
    s->n_exchanges--;
    if (s->drained != NULL && s->n_exchanges == 0) {
        timer_set(s->drain, 0);
    }
}

void http_server_drain(struct http_server *s, uint64_t grace_ms, loop_fn *done, void *arg)
{
    if (!s->quiesced) {
        s->quiesced = true;
        MHD_quiesce_daemon(s->mhd);
        listen_forget(s->port);
        close(s->listen_fd);
    }
    s->drained = done;
    s->drained_arg = arg;
    s->drain = s->drain != NULL ? s->drain : timer_create_on(s->loop, finish_drain, s);
    timer_set(s->drain, s->n_exchanges == 0 ? 0 : grace_ms);
}

struct http_server *http_server_destroy(struct http_server *s)
{
    if (s == NULL) {
        return NULL;
    }
    if (!s->quiesced) {
        listen_forget(s->port);
    }
    s->quiesced = s->pumping = true; /* nothing may start or wake libmicrohttpd any more */
    list_for_each (n, &s->conns) {
        struct http_conn *c = CONTAINER_OF(n, struct http_conn, node);
        tls_resume_stalled(c);
        if (c->x != NULL) {
            exchange_abort(c->x);
        }
    }
    MHD_stop_daemon(s->mhd);
    linger_finish(s);
    watch_destroy(s->watch);
    timer_destroy(s->pump);
    timer_destroy(s->sweep);
    timer_destroy(s->drain);
    free(s);
    return NULL;
}
