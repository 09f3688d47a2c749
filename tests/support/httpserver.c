/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front end alone, with routes that show its every side; driven by
 * tests/scenario/test_http_edge.py. One argument: the port (0 = any). Environment: TLS_CERT and
 * TLS_KEY (files; SIGHUP reads them again), LIMIT_* (fields of struct http_limits), TRUSTED (one
 * proxy address). Prints "port N". SIGTERM drains. */
#include "base/clock.h"
#include "base/str.h"
#include "http/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct app {
    struct loop *loop;
    struct http_server *server;
    struct http_certificate *certificate;
    unsigned observed, finished, broken, complete, too_large, last_status;
    bool quiet;
};

static struct app app;

static uint32_t crc32_of(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (0xedb88320U & -(crc & 1));
        }
    }
    return ~crc;
}

static uint64_t number_param(struct http_exchange *x, const char *name)
{
    uint64_t n = 0;
    return str_parse_u64(http_param(x, name), UINT32_MAX, &n) == 0 ? n : 0;
}

static void finished(void *arg)
{
    app.finished++;
}

/* ---- plain answers ---- */

static void get_hello(struct http_exchange *x)
{
    http_on_finish(x, finished, NULL);
    http_answer_json(x, 200, json_pack("{s:s}", "hello", "world"));
}

/* Headers and cookies may hold anything from 0x80 up. */
static const char *text_or_null(const char *s)
{
    return s != NULL && str_is_text(s, strlen(s)) ? s : NULL;
}

static void get_show(struct http_exchange *x)
{
    static const char *const known[] = {"a", "b", NULL};
    const char *unknown = http_query_unknown(x, known);
    if (unknown != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "Unknown argument %s.", unknown);
        return;
    }
    http_answer_json(x, 200,
                     json_pack("{s:s, s:s?, s:s?, s:s?, s:s, s:b, s:s}", "name",
                               http_param(x, "name"), "a", http_query(x, "a"), "cookie",
                               text_or_null(http_cookie(x, "c")), "header",
                               text_or_null(http_header(x, "x-test")), "peer", http_peer(x), "tls",
                               http_is_tls(x), "path", http_path(x)));
}

/* Byte i of every answer is i * 31 + (i >> 8): it repeats every 65536. */
static void fill(uint8_t *p, uint64_t at, size_t n)
{
    static uint8_t period[65536];
    static bool filled;
    for (size_t i = 0; !filled && i < sizeof(period); i++) {
        period[i] = (uint8_t)(i * 31 + (i >> 8));
    }
    filled = true;
    while (n > 0) {
        size_t from = at % sizeof(period);
        size_t some = n < sizeof(period) - from ? n : sizeof(period) - from;
        memcpy(p, period + from, some);
        p += some;
        at += some;
        n -= some;
    }
}

static uint8_t *pattern(size_t n)
{
    uint8_t *p = mem_alloc(n + 1, 1);
    fill(p, 0, n);
    return p;
}

static void get_bytes(struct http_exchange *x)
{
    size_t n = number_param(x, "n");
    http_answer_owned(x, 200, "application/octet-stream", pattern(n), n);
}

static void get_static(struct http_exchange *x)
{
    static uint8_t *block;
    block = block != NULL ? block : pattern(1 << 20);
    http_answer_static(x, 200, "application/octet-stream", block, number_param(x, "n") & 0xfffff);
}

/* ---- sources ---- */

struct drip {
    struct source source;
    uint64_t at, size;
    bool lazy; /* a turn of the loop between two pulls */
    bool waited;
    uint64_t fail_at;
    struct timer *timer;
};

static void drip_fired(void *arg)
{
    struct drip *d = arg;
    d->source.ready(d->source.ready_arg);
}

static ssize_t drip_pull(struct source *s, uint8_t *p, size_t max)
{
    struct drip *d = CONTAINER_OF(s, struct drip, source);
    if (d->at == d->size) {
        return SOURCE_END;
    }
    if (d->fail_at != 0 && d->at >= d->fail_at) {
        return -5;
    }
    d->waited = !d->waited;
    if (d->lazy && d->waited) {
        timer_set(d->timer, 1);
        return SOURCE_WAIT;
    }
    size_t n = max < d->size - d->at ? max : (size_t)(d->size - d->at);
    fill(p, d->at, n);
    d->at += n;
    return (ssize_t)n;
}

static void drip_close(struct source *s)
{
    struct drip *d = CONTAINER_OF(s, struct drip, source);
    timer_destroy(d->timer);
    free(d);
}

static const struct source_ops drip_ops = {drip_pull, drip_close};

static void get_source(struct http_exchange *x)
{
    const char *how = http_param(x, "how");
    struct drip *d = mem_new(struct drip);
    d->source.ops = &drip_ops;
    d->size = number_param(x, "n");
    d->source.size_bytes = strcmp(how, "chunked") == 0 ? SOURCE_UNKNOWN_SIZE : d->size;
    d->lazy = strcmp(how, "lazy") == 0 || strcmp(how, "chunked") == 0;
    d->fail_at = strcmp(how, "fail") == 0 ? d->size / 2 : 0;
    d->timer = timer_create_on(http_loop(x), drip_fired, d);
    http_on_finish(x, finished, NULL);
    http_answer_source(x, 200, "application/octet-stream", &d->source);
}

/* ---- waiting ---- */

struct waiter {
    struct http_exchange *x;
    struct timer *timer;
};

static void wait_fired(void *arg)
{
    struct waiter *w = arg;
    timer_destroy(w->timer);
    http_answer_json(w->x, 200, json_pack("{s:b}", "gone", http_gone(w->x)));
    free(w);
}

static void begin_wait(struct http_exchange *x)
{
    struct waiter *w = mem_new(struct waiter);
    w->x = x;
    w->timer = timer_create_on(http_loop(x), wait_fired, w);
    http_on_finish(x, finished, NULL);
    timer_set(w->timer, number_param(x, "ms"));
}

/* Decide about the body only after a while, as a handler does that asks the data base first. */
static void late_fired(void *arg);

static void begin_late(struct http_exchange *x)
{
    struct waiter *w = mem_new(struct waiter);
    w->x = x;
    w->timer = timer_create_on(http_loop(x), late_fired, w);
    timer_set(w->timer, 50);
}

/* ---- bodies ---- */

static void got_body(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n)
{
    if (bytes == NULL) {
        app.broken++;
        return;
    }
    http_answer_bytes(x, 200, "application/octet-stream", bytes, n);
}

static void post_echo(struct http_exchange *x)
{
    http_read_body(x, 100000, got_body, NULL);
}

static void got_json(void *arg, struct http_exchange *x, json_t *json)
{
    if (json != NULL) {
        http_answer_json(x, 200, json_incref(json));
    }
}

static void post_json(struct http_exchange *x)
{
    http_read_json(x, 10000, got_json, NULL);
}

struct eater {
    struct sink sink;
    struct http_exchange *x;
    struct timer *timer;
    uint64_t bytes, answer_at;
    uint32_t crc;
    bool slow, sum, stuck, answered;
    size_t budget;
};

static void eater_refill(void *arg)
{
    struct eater *e = arg;
    e->budget = 5000;
    e->sink.resume(e->sink.resume_arg);
}

static size_t eater_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct eater *e = CONTAINER_OF(s, struct eater, sink);
    if (e->stuck && e->bytes > 100000) {
        return 0;
    }
    if (e->slow && n > e->budget) {
        n = e->budget;
        timer_set(e->timer, 1);
    }
    e->budget -= e->slow ? n : 0;
    e->bytes += n;
    e->crc = e->sum ? crc32_of(e->crc, p, n) : 0;
    if (e->answer_at != 0 && e->bytes >= e->answer_at && !e->answered) {
        e->answered = true;
        http_answer_problem(e->x, PROBLEM_broken_media, "Enough after %llu bytes.",
                            (unsigned long long)e->answer_at);
    }
    return n;
}

static void eater_end(struct sink *s, enum stream_end how)
{
    struct eater *e = CONTAINER_OF(s, struct eater, sink);
    app.broken += how == STREAM_BROKEN;
    app.complete += how == STREAM_COMPLETE;
    app.too_large += how == STREAM_TOO_LARGE;
    timer_destroy(e->timer);
    if (e->answered) {
        free(e);
        return;
    }
    if (how == STREAM_COMPLETE) {
        http_answer_json(
            e->x, 201,
            json_pack("{s:I, s:I}", "bytes", (json_int_t)e->bytes, "crc32", (json_int_t)e->crc));
    } else {
        http_answer_problem(
            e->x, how == STREAM_TOO_LARGE ? PROBLEM_too_large : PROBLEM_broken_media, NULL);
    }
    free(e);
}

static const struct sink_ops eater_ops = {eater_push, eater_end};

static void eat(struct http_exchange *x, const char *how)
{
    struct eater *e = mem_new(struct eater);
    e->sink.ops = &eater_ops;
    e->x = x;
    e->timer = timer_create_on(http_loop(x), eater_refill, e);
    e->slow = strcmp(how, "slow") == 0;
    e->stuck = strcmp(how, "stuck") == 0;
    e->sum = strcmp(how, "discard") != 0;
    e->answer_at = strcmp(how, "early") == 0 ? 200000 : 0;
    e->budget = 5000;
    http_on_finish(x, finished, NULL);
    http_stream_body(x, &e->sink, strcmp(how, "small") == 0 ? 50000 : 1ULL << 40);
}

static void put_sink(struct http_exchange *x)
{
    eat(x, http_param(x, "how"));
}

static void late_fired(void *arg)
{
    struct waiter *w = arg;
    struct http_exchange *x = w->x;
    timer_destroy(w->timer);
    free(w);
    if (strcmp(http_param(x, "how"), "refuse") == 0) {
        http_add_header(x, "WWW-Authenticate", "Basic realm=\"test\"");
        http_answer_problem(x, PROBLEM_unauthorized, NULL);
    } else {
        eat(x, http_param(x, "how"));
    }
}

static void put_refuse(struct http_exchange *x)
{
    http_add_header(x, "WWW-Authenticate", "Basic realm=\"test\"");
    http_answer_problem(x, PROBLEM_unauthorized, NULL);
}

static void get_stats(struct http_exchange *x)
{
    http_answer_json(x, 200,
                     json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "observed", app.observed,
                               "finished", app.finished, "broken", app.broken, "complete",
                               app.complete, "too_large", app.too_large, "last_status",
                               app.last_status, "connections",
                               (int)http_server_connections(app.server)));
}

static const struct http_route routes[] = {
    {HTTP_GET, "/hello", get_hello},
    {HTTP_GET, "/show/{name}", get_show},
    {HTTP_GET, "/bytes/{n}", get_bytes},
    {HTTP_GET, "/static/{n}", get_static},
    {HTTP_GET, "/source/{how}/{n}", get_source},
    {HTTP_GET, "/wait/{ms}", begin_wait},
    {HTTP_PUT, "/wait/{ms}", begin_wait},
    {HTTP_POST, "/echo", post_echo},
    {HTTP_POST, "/json", post_json},
    {HTTP_PUT, "/sink/{how}", put_sink},
    {HTTP_POST, "/sink/{how}", put_sink},
    {HTTP_PUT, "/late/{how}", begin_late},
    {HTTP_PUT, "/refuse", put_refuse},
    {HTTP_POST, "/refuse", put_refuse},
    {HTTP_GET, "/stats", get_stats},
};

/* ---- set-up ---- */

static char *read_file(const char *path)
{
    char *text = mem_alloc(1, 65536);
    FILE *f = fopen(path, "r");
    ALWAYS(f != NULL && fread(text, 1, 65535, f) > 0);
    fclose(f);
    return text;
}

static void load_certificate(bool replace)
{
    if (getenv("TLS_CERT") == NULL) {
        return;
    }
    char *cert = read_file(getenv("TLS_CERT")), *key = read_file(getenv("TLS_KEY"));
    int r = replace ? http_certificate_replace(app.certificate, cert, key)
                    : http_certificate_create(cert, key, &app.certificate);
    printf("certificate %s\n", r == 0 ? "loaded" : "refused");
    free(cert);
    free(key);
}

static unsigned limit(const char *name, unsigned fallback)
{
    const char *v = getenv(name);
    return v != NULL ? (unsigned)strtoul(v, NULL, 10) : fallback;
}

static void observe(void *arg, const struct http_exchange *x, int status, uint64_t sent_bytes,
                    uint64_t took_us)
{
    app.observed++;
    app.last_status = (unsigned)status;
    if (!app.quiet) {
        printf("%d %s %llu %s\n", status, http_path(x), (unsigned long long)sent_bytes,
               http_request_id(x));
    }
}

static void drained(void *arg)
{
    printf("drained\n");
    app.server = http_server_destroy(app.server);
    loop_stop(app.loop);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    if (signum == SIGHUP) {
        load_certificate(true);
    } else {
        uv_close((uv_handle_t *)handle, NULL);
        http_server_drain(app.server, limit("GRACE_MS", 3000), drained, NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct log log = {.fd = 2, .level = LOG_INFO};
    setlinebuf(stdout);
    app.loop = loop_create(&log);
    app.quiet = getenv("QUIET") != NULL;
    load_certificate(false);
    struct http_limits l = http_limits_default;
    l.handshake_s = limit("LIMIT_HANDSHAKE", l.handshake_s);
    l.header_s = limit("LIMIT_HEADER", l.header_s);
    l.idle_s = limit("LIMIT_IDLE", l.idle_s);
    l.body_idle_s = limit("LIMIT_BODY_IDLE", l.body_idle_s);
    l.body_min_rate = limit("LIMIT_BODY_RATE", l.body_min_rate);
    l.handler_s = limit("LIMIT_HANDLER", l.handler_s);
    l.send_idle_s = limit("LIMIT_SEND_IDLE", l.send_idle_s);
    l.memory_bytes = limit("LIMIT_MEMORY", (unsigned)l.memory_bytes);
    const char *trusted[] = {getenv("TRUSTED"), NULL};
    struct router *router = router_create(routes, ARRAY_LEN(routes));
    struct http_server_params p = {.loop = app.loop,
                                   .host = getenv("HOST"),
                                   .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 0,
                                   .certificate = app.certificate,
                                   .router = router,
                                   .app = &app,
                                   .limits = &l,
                                   .trusted_proxies = trusted,
                                   .observe = observe};
    int r = http_server_create(&p, &app.server);
    if (r < 0) {
        fprintf(stderr, "cannot listen: %s\n", strerror(-r));
        return 1;
    }
    printf("port %u\n", http_server_port(app.server));
    uv_signal_t term, hup;
    uv_signal_init(loop_uv(app.loop), &term);
    uv_signal_init(loop_uv(app.loop), &hup);
    uv_signal_start(&term, on_signal, SIGTERM);
    uv_signal_start(&hup, on_signal, SIGHUP);
    loop_run(app.loop);
    uv_close((uv_handle_t *)&hup, NULL);
    loop_destroy(app.loop);
    router_destroy(router);
    http_certificate_destroy(app.certificate);
    return 0;
}
