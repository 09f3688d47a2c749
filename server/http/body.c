/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies: collected, parsed as JSON, or pushed into a sink. The reader is told the end
 * exactly once (body_ended), from a call of libmicrohttpd or from the loop, never from inside the
 * function that set it up. After an answer, what still arrives is dropped within limits. */
#include "http/state.h"

#include "base/clock.h"
#include "base/str.h"
#include "http/arena.h"

#include <string.h>
#include <strings.h>

enum {
    JSON_DEPTH_MAX = 16,
    DROP_BYTES_MAX = 64 * 1024 * 1024, /* of a body whose answer is already decided */
    DROP_CHUNKED_MS = 5000,            /* the end of a chunked one is not known */
};

/* ---- setting up ---- */

static void left_already(void *arg)
{
    body_break(arg);
}

static void begin_reading(struct http_exchange *x, enum x_reader reader, uint64_t max)
{
    ALWAYS(x->reader == READ_NONE && !x->body_ended);
    x->reader = reader;
    x->body_max = max;
    if (x->conn == NULL) { /* the client left before the handler asked */
        loop_post(x->loop, left_already, x);
    } else if (!x->inside) {
        exchange_wake(x);
    }
}

void http_read_body(struct http_exchange *x, size_t max_bytes, http_body_fn *done, void *arg)
{
    x->body_done = done;
    x->body_arg = arg;
    x->body = BUF_INIT(max_bytes);
    begin_reading(x, READ_COLLECT, max_bytes);
}

void http_read_json(struct http_exchange *x, size_t max_bytes, http_json_fn *done, void *arg)
{
    x->json_done = done;
    x->body_arg = arg;
    x->body = BUF_INIT(max_bytes);
    begin_reading(x, READ_JSON, max_bytes);
}

static void sink_resumed(void *arg)
{
    struct http_exchange *x = arg;
    x->sink_ready = true;
    if (!x->inside && x->phase == X_BODY) {
        exchange_wake(x);
    }
}

void http_stream_body(struct http_exchange *x, struct sink *sink, uint64_t max_bytes)
{
    x->sink = sink;
    sink->resume = sink_resumed;
    sink->resume_arg = x;
    begin_reading(x, READ_SINK, max_bytes);
}

/* ---- kept for the next request ---- */

void conn_forget_body(struct http_conn *c)
{
    free(c->kept);
    free(c->kept_target);
    c->kept = NULL;
    c->kept_target = NULL;
    c->kept_n = 0;
}

void http_keep_body(struct http_exchange *x, const uint8_t *p, size_t n)
{
    if (x->conn == NULL || n == 0) {
        return;
    }
    ALWAYS(n <= HTTP_KEEP_MAX);
    conn_forget_body(x->conn);
    x->conn->kept = mem_dup(p, n);
    x->conn->kept_n = n;
    x->conn->kept_target = mem_str(x->target);
    x->conn->kept_now = true;
}

const uint8_t *http_kept_body(struct http_exchange *x, size_t *ret_n)
{
    struct http_conn *c = x->conn;
    if (c == NULL || c->kept == NULL || c->kept_now || strcmp(c->kept_target, x->target) != 0) {
        return NULL;
    }
    *ret_n = c->kept_n;
    uint8_t *p = arena_alloc(&x->arena, c->kept_n);
    memcpy(p, c->kept, c->kept_n);
    conn_forget_body(c);
    return p;
}

/* ---- the end ---- */

/* Tell a collecting handler that there will be nothing; it must not answer any more. */
static void collect_failed(struct http_exchange *x)
{
    if (x->reader == READ_COLLECT) {
        x->body_done(x->body_arg, x, NULL, 0);
    } else {
        x->json_done(x->body_arg, x, NULL);
    }
    exchange_release(x, HOLD_HANDLER);
}

/* http answers itself: too large, not JSON. */
static void refuse(struct http_exchange *x, enum problem p, const char *detail)
{
    x->body_ended = true;
    if (x->reader == READ_SINK) {
        x->sink->ops->end(x->sink, STREAM_TOO_LARGE);
        return;
    }
    answer_problem(x, p, detail);
    collect_failed(x);
}

static void refuse_size(struct http_exchange *x)
{
    char detail[80];
    snprintf(detail, sizeof(detail), "At most %llu bytes are taken here.",
             (unsigned long long)x->body_max);
    refuse(x, PROBLEM_too_large, detail);
}

void body_check_size(struct http_exchange *x)
{
    if (x->reader != READ_NONE && !x->body_ended && !x->answered && !x->head.chunked &&
        x->head.content_length > x->body_max) {
        refuse_size(x);
    }
}

/* Depth of nesting, or more than the maximum. jansson itself bounds the recursion of its parser. */
static unsigned json_depth(json_t *v, unsigned at)
{
    unsigned deepest = at;
    const char *key;
    json_t *child;
    size_t i;
    if (at > JSON_DEPTH_MAX) {
        return at;
    }
    json_object_foreach(v, key, child)
    {
        unsigned d = json_depth(child, at + 1);
        deepest = d > deepest ? d : deepest;
    }
    json_array_foreach(v, i, child)
    {
        unsigned d = json_depth(child, at + 1);
        deepest = d > deepest ? d : deepest;
    }
    return deepest;
}

static bool says_json(const struct http_exchange *x)
{
    const char *type = http_header(x, "Content-Type");
    static const char want[] = "application/json";
    size_t n = sizeof(want) - 1;
    return type != NULL && strncasecmp(type, want, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static void parse_json(struct http_exchange *x)
{
    if (!says_json(x)) {
        refuse(x, PROBLEM_unsupported_media, "Send application/json.");
        return;
    }
    json_error_t error;
    json_t *json = json_loadb(x->body.len > 0 ? (const char *)x->body.data : "", x->body.len,
                              JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        char detail[200];
        snprintf(detail, sizeof(detail), "Line %d, column %d: %s.", error.line, error.column,
                 str_is_text(error.text, strlen(error.text)) ? error.text : "not JSON");
        refuse(x, PROBLEM_invalid_body, detail);
    } else if (!json_is_object(json) || json_depth(json, 1) > JSON_DEPTH_MAX) {
        refuse(x, PROBLEM_invalid_body, "One object, nested at most 16 deep, is taken.");
    } else {
        x->body_ended = true;
        x->json_done(x->body_arg, x, json);
    }
    json_decref(json);
}

void body_complete(struct http_exchange *x)
{
    if (x->body_ended || x->reader == READ_NONE) {
        return;
    }
    if (x->answered) {
        body_break(x);
    } else if (x->reader == READ_JSON) {
        parse_json(x);
    } else if (x->reader == READ_COLLECT) {
        x->body_ended = true;
        x->body_done(x->body_arg, x, x->body.len > 0 ? x->body.data : (const uint8_t *)"",
                     x->body.len);
    } else {
        x->body_ended = true;
        x->sink->ops->end(x->sink, STREAM_COMPLETE);
    }
}

void body_break(struct http_exchange *x)
{
    if (x->body_ended || x->reader == READ_NONE) {
        return;
    }
    x->body_ended = true;
    if (x->reader == READ_SINK) {
        x->sink->ops->end(x->sink, STREAM_BROKEN);
    } else if (x->holds & HOLD_HANDLER) {
        collect_failed(x);
    }
}

/* ---- the bytes ---- */

static void drop_bytes(struct http_exchange *x, size_t n)
{
    x->dropped += n;
    bool too_long = x->head.chunked && clock_mono_ms() >= x->body_since_ms + DROP_CHUNKED_MS;
    if (x->dropped > DROP_BYTES_MAX || too_long) {
        x->aborted = true;
    }
}

static size_t push(struct http_exchange *x, const uint8_t *p, size_t n)
{
    x->sink_ready = false;
    size_t taken = x->sink->ops->push(x->sink, p, n);
    ALWAYS(taken <= n);
    if (taken < n && !x->sink_ready && !x->answered) {
        exchange_suspend(x);
    }
    return taken;
}

void body_take(struct http_exchange *x, const uint8_t *p, size_t *size)
{
    x->body_last_ms = clock_mono_ms();
    if (!x->answered && !x->body_ended && *size > x->body_max - x->body_got) {
        refuse_size(x);
    }
    if (x->answered) {
        body_break(x);
        if (x->head.chunked || x->head.content_length - x->body_got > DROP_QUIETLY_BYTES) {
            raw_answer(x);
        }
    }
    size_t taken = *size;
    if (x->body_ended || x->reader == READ_NONE) {
        drop_bytes(x, taken);
    } else if (x->reader == READ_SINK) {
        taken = push(x, p, taken);
    } else {
        buf_append(&x->body, p, taken);
    }
    x->body_got += taken;
    *size -= taken;
}
