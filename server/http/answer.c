/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: building libmicrohttpd's responses, the headers every answer has, problem+json, sources.
 */
#include "http/state.h"

#include "base/clock.h"
#include "base/str.h"
#include "http/arena.h"
#include "http/tcp.h"

#include <string.h>
#include <strings.h>

enum { SOURCE_BLOCK_BYTES = 64 * 1024, DETAIL_MAX = 512, HELD_BYTES = 128 * 1024 };

void http_add_header(struct http_exchange *x, const char *name, const char *value)
{
    struct http_pair *p = arena_alloc(&x->arena, sizeof(*p));
    p->name = arena_text(&x->arena, name, strlen(name));
    p->value = arena_text(&x->arena, value, strlen(value));
    p->next = x->headers_out;
    x->headers_out = p;
}

static bool has_header(const struct http_exchange *x, const char *name)
{
    for (const struct http_pair *p = x->headers_out; p != NULL; p = p->next) {
        if (str_same(p->name, name)) {
            return true;
        }
    }
    return false;
}

/* What every answer says unless the handler said it already. */
static void add_defaults(struct http_exchange *x)
{
    const struct http_pair defaults[] = {
        {NULL, "Cache-Control", "no-store"},
        {NULL, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {NULL, "Referrer-Policy", "no-referrer"},
        {NULL, "X-Content-Type-Options", "nosniff"},
        {NULL, "Strict-Transport-Security", x->tls ? "max-age=31536000" : NULL},
        {NULL, "Retry-After", x->status == 503 || x->status == 429 ? "5" : NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        if (defaults[i].value != NULL && !has_header(x, defaults[i].name)) {
            http_add_header(x, defaults[i].name, defaults[i].value);
        }
    }
    http_add_header(x, "X-Request-Id", x->request_id);
    if (x->status == 400 || x->refused || x->conn->server->quiesced) {
        http_add_header(x, "Connection", "close");
    }
}

/* Complete x->headers_out: newest first while it is built, in the order of the calls from here on.
 */
static void finish_headers(struct http_exchange *x, const char *content_type)
{
    if (content_type != NULL) {
        http_add_header(x, "Content-Type", content_type);
    }
    add_defaults(x);
    struct http_pair *ordered = NULL;
    for (struct http_pair *p = x->headers_out, *next; p != NULL; p = next) {
        next = p->next;
        p->next = ordered;
        ordered = p;
    }
    x->headers_out = ordered;
}

/* The first answer counts; a later one (the handler's, after its deadline) is dropped. */
static void set_answer(struct http_exchange *x, int status, const char *content_type,
                       struct MHD_Response *r)
{
    ALWAYS(r != NULL);
    if (x->answered || x->conn == NULL) {
        x->answered = true;
        MHD_destroy_response(r);
        return;
    }
    x->answered = true;
    x->status = status;
    x->response = r;
    finish_headers(x, content_type);
    for (const struct http_pair *p = x->headers_out; p != NULL; p = p->next) {
        MHD_add_response_header(r, p->name, p->value);
    }
    if (x->phase == X_BODY && !x->inside && !x->suspended) {
        raw_answer(x);
    }
    exchange_wake(x);
}

/* The handler's one answer. It may have been the last to hold the exchange. */
static void give(struct http_exchange *x, int status, const char *content_type,
                 struct MHD_Response *r)
{
    set_answer(x, status, content_type, r);
    if (x->holds & HOLD_HANDLER) {
        exchange_release(x, HOLD_HANDLER);
    }
}

/* libmicrohttpd's buffer is not const but is only read. */
static void *readable(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    return u.out;
}

static void count_sent(struct http_exchange *x, size_t n)
{
    if (!x->answered && x->method != HTTP_HEAD) {
        x->sent_bytes = n;
    }
}

void http_answer_empty(struct http_exchange *x, int status)
{
    give(x, status, NULL, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void http_answer_bytes(struct http_exchange *x, int status, const char *content_type, const void *p,
                       size_t n)
{
    count_sent(x, n);
    give(x, status, content_type,
         MHD_create_response_from_buffer(n, readable(p), MHD_RESPMEM_MUST_COPY));
}

void http_answer_owned(struct http_exchange *x, int status, const char *content_type, void *p,
                       size_t n)
{
    count_sent(x, n);
    give(x, status, content_type, MHD_create_response_from_buffer(n, p, MHD_RESPMEM_MUST_FREE));
}

void http_answer_static(struct http_exchange *x, int status, const char *content_type,
                        const void *p, size_t n)
{
    count_sent(x, n);
    give(x, status, content_type,
         MHD_create_response_from_buffer(n, readable(p), MHD_RESPMEM_PERSISTENT));
}

void http_answer_json(struct http_exchange *x, int status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL) { /* json_pack() failed: something in it was not UTF-8 */
        http_answer_problem(x, PROBLEM_internal, NULL);
        return;
    }
    http_answer_owned(x, status, "application/json", text, strlen(text));
}

/* ---- problems ---- */

static struct MHD_Response *problem_response(struct http_exchange *x, enum problem p,
                                             const char *detail)
{
    const struct problem_info *info = &problem_table[p];
    char type[64];
    snprintf(type, sizeof(type), "/problems/%s", info->code);
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", type, "title", info->title, "status",
                  info->status, "detail", detail != NULL ? detail : info->title, "hint", info->hint,
                  "request_id", x->request_id);
    if (json == NULL) { /* the detail is not UTF-8 */
        return problem_response(x, p, NULL);
    }
    if (x->problem_members != NULL) {
        json_object_update_missing(json, x->problem_members);
    }
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    count_sent(x, strlen(text));
    if (!x->answered) {
        x->problem = arena_text(&x->arena, text, strlen(text));
    }
    return MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
}

void http_add_problem_member(struct http_exchange *x, const char *name, json_t *value)
{
    if (x->problem_members == NULL) {
        x->problem_members = json_object();
    }
    json_object_set_new(x->problem_members, name, value);
}

void answer_problem(struct http_exchange *x, enum problem p, const char *detail)
{
    struct MHD_Response *r = problem_response(x, p, detail);
    set_answer(x, problem_table[p].status, "application/problem+json", r);
}

void http_answer_problem(struct http_exchange *x, enum problem p, const char *detail_fmt, ...)
{
    char detail[DETAIL_MAX];
    if (detail_fmt != NULL) {
        va_list ap;
        va_start(ap, detail_fmt);
        vsnprintf(detail, sizeof(detail), detail_fmt, ap);
        va_end(ap);
    }
    struct MHD_Response *r = problem_response(x, p, detail_fmt != NULL ? detail : NULL);
    give(x, problem_table[p].status, "application/problem+json", r);
}

void http_answer_error(struct http_exchange *x, int status, const char *content_type,
                       const char *text)
{
    size_t n = strlen(text);
    count_sent(x, n);
    if (!x->answered) {
        x->problem = arena_text(&x->arena, text, n);
    }
    give(x, status, content_type,
         MHD_create_response_from_buffer(n, readable(text), MHD_RESPMEM_MUST_COPY));
}

/* ---- sources ---- */

static void source_ready(void *arg)
{
    struct http_exchange *x = arg;
    if (x->queued) {
        exchange_wake(x);
    }
}

struct pulling {
    struct http_exchange *x;
    struct source *source;
};

static ssize_t pull(void *cls, uint64_t pos, char *p, size_t max)
{
    struct pulling *a = cls;
    struct http_exchange *x = a->x;
    if (x->aborted) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    ssize_t n = a->source->ops->pull(a->source, (uint8_t *)p, max);
    if (n > 0) {
        x->sent_bytes += (size_t)n;
        return n;
    }
    if (n == SOURCE_WAIT) {
        exchange_suspend(x);
        return 0;
    }
    return n == SOURCE_END && a->source->size_bytes == SOURCE_UNKNOWN_SIZE
               ? MHD_CONTENT_READER_END_OF_STREAM
               : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void pull_finish(void *cls)
{
    struct pulling *a = cls;
    struct http_exchange *x = a->x;
    a->source->ops->close(a->source);
    free(a);
    exchange_release(x, HOLD_SOURCE);
}

void http_answer_source(struct http_exchange *x, int status, const char *content_type,
                        struct source *body)
{
    struct pulling *a = mem_new(struct pulling);
    a->x = x;
    a->source = body;
    body->ready = source_ready;
    body->ready_arg = x;
    x->holds |= HOLD_SOURCE;
    size_t block = SOURCE_BLOCK_BYTES;
    if (body->size_bytes < block) {
        block = body->size_bytes > 0 ? (size_t)body->size_bytes : 1;
    }
    give(x, status, content_type,
         MHD_create_response_from_callback(
             body->size_bytes == SOURCE_UNKNOWN_SIZE ? MHD_SIZE_UNKNOWN : body->size_bytes, block,
             pull, a, pull_finish));
}

void http_hold_little(struct http_exchange *x)
{
    if (x->conn != NULL) {
        tcp_hold_little(x->conn->fd, HELD_BYTES);
    }
}

void http_on_finish(struct http_exchange *x, loop_fn *fn, void *arg)
{
    ALWAYS(x->finish == NULL);
    x->finish = fn;
    x->finish_arg = arg;
}

void http_set_deadline(struct http_exchange *x, uint64_t ms)
{
    x->deadline_ms = ms;
    if (x->suspended) {
        x->wait_since_ms = clock_mono_ms();
    }
}
