/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_listener.h"

#include "config/config.h"
#include "http/daemon.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

struct metrics_listener {
    struct http_server *server;
    struct router *router;
    struct http_limits limits;
    bool (*healthy)(void *arg);
    void *arg;
};

static void show_metrics(struct http_exchange *x)
{
    struct buf text = BUF_INIT(METRICS_TEXT_MAX);
    metrics_format(&text);
    size_t n = text.len;
    http_answer_owned(x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_take(&text), n);
}

static void show_health(struct http_exchange *x)
{
    const struct metrics_listener *m = http_app(x);
    bool healthy = m->healthy(m->arg);
    const char *text = healthy ? "ok\n" : "a loop does not turn\n";
    http_answer_static(x, healthy ? 200 : 503, "text/plain; charset=utf-8", text, strlen(text));
}

static const struct http_route routes[] = {
    {.method = HTTP_GET, .pattern = "/metrics", .begin = show_metrics},
    {.method = HTTP_GET, .pattern = "/healthz", .begin = show_health},
};

int metrics_listener_create(struct loop *l, const struct config *c, bool (*healthy)(void *arg),
                            void *arg, struct metrics_listener **ret_listener, char *reason,
                            size_t size)
{
    char host[CONFIG_HOST_SIZE] = "";
    uint16_t port = 0;
    if (strcmp(c->metrics_listen, "off") == 0) {
        *ret_listener = NULL;
        return 0;
    }
    struct metrics_listener *m = mem_new(struct metrics_listener);
    *m = (struct metrics_listener){.healthy = healthy, .arg = arg, .limits = http_limits_default};
    m->limits.connections = 64;
    m->router = router_create(routes, ARRAY_LEN(routes));
    int r = config_address_parse(c->metrics_listen, host, &port);
    r = r != 0 ? r
               : http_server_create(
                     &(struct http_server_params){
                         .loop = l,
                         .host = host[0] == '\0' || strcmp(host, "::") == 0 ? NULL : host,
                         .port = port,
                         .router = m->router,
                         .app = m,
                         .limits = &m->limits,
                     },
                     &m->server);
    if (r != 0) {
        snprintf(reason, size, "Cannot listen on %s for metrics: %s.", c->metrics_listen,
                 log_errno_text(r));
        metrics_listener_destroy(m);
        return r;
    }
    *ret_listener = m;
    return 0;
}

void metrics_listener_drain(struct metrics_listener *m, loop_fn *done, void *arg)
{
    if (m == NULL) {
        done(arg);
        return;
    }
    http_server_drain(m->server, 1000, done, arg);
}

struct metrics_listener *metrics_listener_destroy(struct metrics_listener *m)
{
    if (m != NULL) {
        http_server_destroy(m->server);
        router_destroy(m->router);
        free(m);
    }
    return NULL;
}
