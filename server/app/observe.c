/* SPDX-License-Identifier: Apache-2.0 */
#include "app/observe.h"

#include "api/api.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

static const char *const method_names[HTTP_METHODS] = {"GET",   "HEAD",   "POST",   "PUT",
                                                       "PATCH", "DELETE", "OPTIONS"};

static enum metric metric_of(int status)
{
    return status < 300   ? METRIC_HTTP_2XX
           : status < 400 ? METRIC_HTTP_3XX
           : status < 500 ? METRIC_HTTP_4XX
                          : METRIC_HTTP_5XX;
}

/* The pattern, not the path: a path may carry a name that a camera's owner chose. */
static const char *route_text(const struct http_exchange *x)
{
    const struct http_route *route = http_route_of(x);
    return route != NULL ? route->pattern : "";
}

void observe_exchange(void *app, const struct http_exchange *x, int status, uint64_t sent_bytes,
                      uint64_t took_us)
{
    const struct api *api = app;
    const struct principal *who = http_principal(x);
    char id_text[ID_TEXT_SIZE];
    const char *who_text = "";
    if (who != NULL && who->kind != PRINCIPAL_NOBODY) {
        id_format(&who->id, id_text);
        who_text = id_text;
    }
    metric_add(metric_of(status), 1);
    metric_add(METRIC_HTTP_SENT_BYTES, (int64_t)sent_bytes);
    metric_observe_us(METRIC_HTTP_SECONDS, took_us);
    log_at(api->log, status >= 500 ? LOG_WARN : LOG_INFO, "request",
           F_STR("method", method_names[http_method(x)]), F_STR("route", route_text(x)),
           F_INT("status", status), F_INT("sent_bytes", sent_bytes), F_INT("took_us", took_us),
           F_STR("request_id", http_request_id(x)), F_STR("peer", http_peer(x)),
           F_STR("who", who_text));
}
