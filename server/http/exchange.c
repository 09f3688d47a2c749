/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one exchange, as libmicrohttpd drives it.
 *
 * It calls with no data when the headers are complete (X_HEAD), with data while the body arrives
 * (X_BODY), and with no data when the request is whole (X_WHOLE). It takes an answer only in X_HEAD
 * - then it reads no body and closes - and in X_WHOLE. A call in which there is nothing to do yet
 * suspends the connection; after a resume the same call comes again. */
#include "http/state.h"

#include "base/clock.h"
#include "base/str.h"
#include "http/arena.h"
#include "http/uri.h"

#include <string.h>

/* ---- holds ---- */

static void exchange_free(struct http_exchange *x)
{
    if (x->finish != NULL) {
        x->finish(x->finish_arg);
    }
    buf_finish(&x->body);
    json_decref(x->problem_members);
    arena_free(&x->arena);
    free(x);
}

void exchange_release(struct http_exchange *x, unsigned hold)
{
    ALWAYS((x->holds & hold) != 0);
    x->holds &= ~hold;
    if (x->holds == 0) {
        exchange_free(x);
    }
}

/* ---- suspending ---- */

void exchange_suspend(struct http_exchange *x)
{
    if (!x->suspended) {
        x->suspended = true;
        x->wait_since_ms = clock_mono_ms();
        MHD_suspend_connection(x->conn->mhd);
    }
}

void exchange_wake(struct http_exchange *x)
{
    if (x->conn != NULL && x->suspended) {
        x->suspended = false;
        if (x->phase == X_BODY) {
            x->body_last_ms = clock_mono_ms();
            x->body_paused_ms += x->body_last_ms - x->wait_since_ms;
        }
        MHD_resume_connection(x->conn->mhd);
        server_kick(x->conn->server);
    }
}

void exchange_abort(struct http_exchange *x)
{
    x->aborted = true;
    x->gone = true;
    exchange_wake(x);
}

/* ---- the request head ---- */

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET},     {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},       {"PUT", HTTP_PUT},
    {"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS},
};

static bool read_method(struct http_exchange *x, const char *method)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(method, methods[i].name) == 0) {
            x->method = methods[i].method;
            return true;
        }
    }
    return false;
}

static void add_allow(struct http_exchange *x, unsigned allowed)
{
    struct buf text = BUF_INIT(128);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (allowed & 1U << methods[i].method) {
            buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", methods[i].name);
        }
    }
    http_add_header(x, "Allow", text.data != NULL ? (const char *)text.data : "");
    buf_finish(&text);
}

#if MHD_VERSION < 0x01000000
/* A copy of the head as libmicrohttpd left it in its buffer, from the method on. */
static char *copy_head(struct http_exchange *x, const char *method, const char *version,
                       size_t *ret_n)
{
    *ret_n =
        MHD_get_connection_info(x->conn->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    return *ret_n > HEAD_BYTES_MAX ? NULL : arena_text(&x->arena, method, *ret_n);
}
#else
/* From 1.0 on libmicrohttpd is strict itself (MHD_OPTION_CLIENT_DISCIPLINE_LVL) and its buffer is
 * its own affair: the same form is made from the values it hands out. */
static enum MHD_Result append_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                    size_t name_len, const char *value, size_t value_len)
{
    buf_append(cls, name, name_len + 1);
    buf_append(cls, value != NULL ? value : "", value_len);
    buf_append(cls, "\0", 2);
    return MHD_YES;
}

static char *copy_head(struct http_exchange *x, const char *method, const char *version,
                       size_t *ret_n)
{
    struct buf b = BUF_INIT(HEAD_BYTES_MAX);
    buf_append(&b, method, strlen(method) + 1);
    buf_append(&b, x->target, strlen(x->target) + 1);
    buf_append(&b, version, strlen(version) + 1);
    buf_append(&b, "", 1);
    MHD_get_connection_values_n(x->conn->mhd, MHD_HEADER_KIND, append_field, &b);
    buf_append(&b, "\0", 2);
    char *copy = b.overflow ? NULL : arena_text(&x->arena, (const char *)b.data, b.len);
    *ret_n = b.len;
    buf_finish(&b);
    return copy;
}
#endif

/* False when the head was refused (an answer is then set). */
static bool read_head(struct http_exchange *x, const char *method, const char *version)
{
    size_t n, path_len;
    const char *why = NULL;
    char *raw = copy_head(x, method, version, &n);
    int r = raw == NULL ? HEAD_E_TOO_LARGE
                        : head_check(raw, n, strlen(method), strlen(x->target), &x->head, &why);
    if (r == HEAD_E_TOO_LARGE || strlen(x->target) > HEAD_TARGET_MAX) {
        x->refused = true;
        answer_problem(x, PROBLEM_headers_too_large, NULL);
        return false;
    }
    int seen = MHD_get_connection_values(x->conn->mhd, MHD_HEADER_KIND, NULL, NULL);
    if (r == 0 && seen != (int)x->head.n_fields) {
        r = HEAD_E_BAD;
    }
    bool whole_server = x->method == HTTP_OPTIONS && strcmp(x->target, "*") == 0;
    if (r == 0 && !whole_server && !uri_is_sane(x->target, &path_len)) {
        why = "The request target is malformed.";
        r = HEAD_E_BAD;
    }
    if (r != 0) {
        x->refused = true;
        answer_problem(x, PROBLEM_bad_request, why);
        return false;
    }
    if (whole_server) {
        add_allow(x, (1U << HTTP_METHODS) - 1);
        http_answer_empty(x, 204);
        return false;
    }
    x->query = x->target[path_len] == '?' ? x->target + path_len + 1 : "";
    x->target[path_len] = '\0';
    return true;
}

static void route(struct http_exchange *x)
{
    struct route_match m;
    int r = router_match(x->conn->server->router, x->method, exchange_route_path(x), &m);
    if (r == ROUTER_E_NOT_FOUND) {
        answer_problem(x, PROBLEM_not_found, NULL);
    } else if (r == ROUTER_E_METHOD) {
        add_allow(x, m.allowed);
        if (x->method == HTTP_OPTIONS) {
            http_answer_empty(x, 204);
        } else {
            answer_problem(x, PROBLEM_method_not_allowed, NULL);
        }
    } else {
        x->route = m.route;
        exchange_read_params(x, &m);
        x->holds |= HOLD_HANDLER;
        x->wait_since_ms = clock_mono_ms();
        m.route->begin(x);
    }
}

static void look_at_head(struct http_exchange *x, const char *method, const char *version)
{
    bool known = read_method(x, method);
    exchange_read_peer(x);
    if (!known) {
        bool refused = strcmp(method, "TRACE") == 0 || strcmp(method, "CONNECT") == 0;
        if (refused) {
            add_allow(x, (1U << HTTP_METHODS) - 1);
        }
        answer_problem(x, refused ? PROBLEM_method_not_allowed : PROBLEM_method_unknown, NULL);
        x->refused = true;
    } else if (read_head(x, method, version)) {
        exchange_read_forwarded(x);
        if (exchange_read_query(x) < 0) {
            answer_problem(x, PROBLEM_bad_request, "The query is malformed.");
        } else {
            route(x);
        }
    }
}

/* ---- steps ---- */

static enum MHD_Result queue(struct http_exchange *x)
{
    struct http_conn *c = x->conn;
    if (c->credentials != NULL) { /* x->tls may only be a trusted proxy's word */
        tls_send_ticket(c);
    }
    enum MHD_Result r = MHD_queue_response(c->mhd, (unsigned)x->status, x->response);
    x->queued = r == MHD_YES;
    if (x->queued) {
        MHD_destroy_response(x->response);
        x->response = NULL;
        c->phase = CONN_SENDING;
        c->since_ms = clock_mono_ms();
        c->acked_bytes = ACKED_UNKNOWN;
    }
    return r;
}

static bool has_body(const struct http_exchange *x)
{
    return x->head.chunked || x->head.content_length > 0;
}

static enum MHD_Result into_body(struct http_exchange *x)
{
    x->phase = X_BODY;
    x->body_since_ms = x->body_last_ms = clock_mono_ms();
    return MHD_YES;
}

/* The head was looked at and maybe answered. */
static enum MHD_Result step_head(struct http_exchange *x)
{
    body_check_size(x);
    if (!x->answered && x->reader != READ_NONE && !x->body_ended) {
        return into_body(x);
    }
    if (!x->answered) {
        exchange_suspend(x);
        return MHD_YES;
    }
    bool small = !x->head.chunked && !x->head.expects_continue &&
                 x->head.content_length <= DROP_QUIETLY_BYTES;
    if (!x->refused && (!has_body(x) || small)) {
        return into_body(x); /* answered in the whole call, which lets the connection stay */
    }
    x->conn->lingering = true; /* libmicrohttpd closes after an answer given here */
    return queue(x);
}

static enum MHD_Result step_whole(struct http_exchange *x)
{
    if (!x->answered) {
        exchange_suspend(x);
        return MHD_YES;
    }
    return queue(x);
}

static enum MHD_Result step_body(struct http_exchange *x, const char *data, size_t *size)
{
    if (*size == 0) {
        x->phase = X_WHOLE;
        body_complete(x);
        return step_whole(x);
    }
    body_take(x, (const uint8_t *)data, size);
    return x->aborted ? MHD_NO : MHD_YES;
}

static enum MHD_Result step(struct http_exchange *x, const char *method, const char *version,
                            const char *data, size_t *size)
{
    switch (x->phase) {
    case X_NEW:
        x->phase = X_HEAD;
        x->conn->phase = CONN_EXCHANGE;
        look_at_head(x, method, version);
        return step_head(x);
    case X_HEAD:
        return step_head(x);
    case X_BODY:
        return step_body(x, data, size);
    case X_WHOLE:
        break;
    }
    return step_whole(x);
}

/* ---- libmicrohttpd's three callbacks ---- */

static void make_request_id(char out[27])
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    struct id id = id_new();
    unsigned bits = 0, n = 0, at = 0;
    for (size_t i = 0; i < sizeof(id.b); i++) {
        bits = bits << 8 | id.b[i];
        for (n += 8; n >= 5; n -= 5) {
            out[at++] = digits[bits >> (n - 5) & 31];
        }
    }
    out[at++] = digits[bits << (5 - n) & 31];
    out[at] = '\0';
}

void *exchange_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct http_conn *c =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct http_exchange *x = mem_new(struct http_exchange);
    uri = uri != NULL ? uri : "";
    x->conn = c;
    x->loop = c->server->loop;
    x->app = c->server->app;
    x->tls = c->server->certificate != NULL;
    x->holds = HOLD_MHD;
    x->target = arena_text(&x->arena, uri, strlen(uri));
    x->query = "";
    x->begin_us = uv_hrtime() / 1000;
    x->deadline_ms = (uint64_t)c->server->limits.handler_s * 1000;
    make_request_id(x->request_id);
    c->x = x;
    c->phase = CONN_HEAD;
    c->since_ms = clock_mono_ms();
    c->served = true;
    c->server->n_exchanges++;
    return x;
}

enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *size, void **req)
{
    struct http_exchange *x = *req;
    if (x->aborted) {
        return MHD_NO;
    }
    x->inside = true;
    enum MHD_Result r = step(x, method, version, data, size);
    x->inside = false;
    return r;
}

void exchange_on_completed(void *cls, struct MHD_Connection *mhd, void **req,
                           enum MHD_RequestTerminationCode how)
{
    struct http_exchange *x = *req;
    if (x == NULL) {
        return;
    }
    *req = NULL;
    struct http_conn *c = x->conn;
    struct http_server *s = c->server;
    if (!c->kept_now) {
        conn_forget_body(c);
    }
    c->kept_now = false;
    c->x = NULL;
    c->phase = CONN_IDLE;
    c->since_ms = clock_mono_ms();
    x->conn = NULL;
    x->gone = x->gone || how != MHD_REQUEST_TERMINATED_COMPLETED_OK;
    body_break(x);
    if (x->response != NULL) {
        MHD_destroy_response(x->response);
        x->response = NULL;
    }
    if (s->observe != NULL && x->phase != X_NEW) {
        s->observe(s->app, x, x->queued ? x->status : 499, x->sent_bytes,
                   uv_hrtime() / 1000 - x->begin_us);
    }
    exchange_release(x, HOLD_MHD);
    server_exchange_over(s);
}
