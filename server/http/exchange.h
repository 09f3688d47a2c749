/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer, as a handler sees them. Callers: api, web.
 *
 * Life: the router calls the route's begin() when the headers are complete and before `100
 * Continue`. The handler may answer at once, read the body, or go away and answer later (from any
 * callback on the same loop): while it waits, the connection is suspended and a deadline of our own
 * runs. Every exchange gets exactly one http_answer_*() call; it is remembered even when the client
 * has gone (then it is dropped). After that call the handler must not touch the exchange, except in
 * the callbacks of a source it handed over. Strings returned here live as long as the exchange. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/loop.h"
#include "base/stream.h"
#include "http/problem.h"

#include <jansson.h>
#include <stdbool.h>

struct http_exchange;

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHODS
};

/* ---- the request ---- */
enum http_method http_method(const struct http_exchange *x);
/* As sent: percent-encoded, without the query. */
const char *http_path(const struct http_exchange *x);
/* What follows the '?', as sent; "" when there is none. For signatures: all else uses http_query().
 */
const char *http_raw_query(const struct http_exchange *x);
/* Header lines in the order they were sent, i from 0; false past the last. */
bool http_header_at(const struct http_exchange *x, unsigned i, const char **ret_name,
                    const char **ret_value);
const struct http_route *http_route_of(const struct http_exchange *x);
/* Value of {name} in the route's pattern, percent-decoded, UTF-8 without control characters; never
 * NULL for a name the pattern has. */
const char *http_param(const struct http_exchange *x, const char *name);
/* Query argument (decoded, UTF-8 without control characters), header (case-insensitive), cookie
 * (both may hold any bytes from 0x80 up: check before they go into JSON or SQL); NULL when absent.
 */
const char *http_query(const struct http_exchange *x, const char *name);
const char *http_header(const struct http_exchange *x, const char *name);
const char *http_cookie(const struct http_exchange *x, const char *name);
/* The first query argument that is not in the NULL-ended list, or NULL: unknown arguments are
 * refused, not ignored. */
const char *http_query_unknown(const struct http_exchange *x, const char *const *known);
/* Declared body size; SOURCE_UNKNOWN_SIZE for chunked; 0 when there is none. */
uint64_t http_body_size(const struct http_exchange *x);
/* Request id: 26 or so characters, also sent as X-Request-Id and in every problem and log line. */
const char *http_request_id(const struct http_exchange *x);
/* Address of the client as text (behind a trusted proxy: of the proxy's client). */
const char *http_peer(const struct http_exchange *x);
bool http_is_tls(const struct http_exchange *x);
struct loop *http_loop(const struct http_exchange *x);
/* The `app` pointer given to http_server_create(). */
void *http_app(const struct http_exchange *x);
/* Memory that lives as long as the exchange; zeroed. */
void *http_alloc(struct http_exchange *x, size_t n);
/* One slot for the layer above (the authenticated principal). */
void http_set_principal(struct http_exchange *x, void *p);
void *http_principal(const struct http_exchange *x);

/* ---- the body: at most one of these, before answering ---- */
/* Collect at most max_bytes, then done(arg, x, bytes, n). Larger: http answers 413 itself and
 * done() is called with bytes NULL so that the handler can clean up (it must not answer then). Same
 * for a client that vanishes. */
typedef void http_body_fn(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n);
void http_read_body(struct http_exchange *x, size_t max_bytes, http_body_fn *done, void *arg);
/* As above, and parse: one JSON object, UTF-8, no duplicate keys, depth <= 16. Not JSON: http
 * answers 400/415 itself and done() gets NULL. json is borrowed until done() returns. */
typedef void http_json_fn(void *arg, struct http_exchange *x, json_t *json);
void http_read_json(struct http_exchange *x, size_t max_bytes, http_json_fn *done, void *arg);
/* Push the body into a sink. Sends `100 Continue` when the client waits for it. end() is called
 * once in every case: STREAM_TOO_LARGE past max_bytes (the handler answers), STREAM_BROKEN when the
 * client vanished, the handler's time is up or it answered before the end. After an early answer
 * the rest of the body is read and dropped within a limit so that the client sees the answer. */
void http_stream_body(struct http_exchange *x, struct sink *sink, uint64_t max_bytes);

/* A body for the next request of this connection, if that has the same address: for clients that,
 * once challenged, send the request again without its body. Copied; at most HTTP_KEEP_MAX bytes. */
enum { HTTP_KEEP_MAX = 16384 };
void http_keep_body(struct http_exchange *x, const uint8_t *p, size_t n);
/* What the request before this one left, or NULL. Lives as long as the exchange. */
const uint8_t *http_kept_body(struct http_exchange *x, size_t *ret_n);

/* ---- the answer: exactly one ---- */
/* Add a header line to the coming answer; both copied. */
void http_add_header(struct http_exchange *x, const char *name, const char *value);
void http_answer_empty(struct http_exchange *x, int status);
void http_answer_bytes(struct http_exchange *x, int status, const char *content_type, const void *p,
                       size_t n); /* copied */
void http_answer_owned(struct http_exchange *x, int status, const char *content_type, void *p,
                       size_t n); /* free()d */
void http_answer_static(struct http_exchange *x, int status, const char *content_type,
                        const void *p, size_t n);                         /* borrowed for ever */
void http_answer_json(struct http_exchange *x, int status, json_t *json); /* takes the reference */
/* Pull the body from a source (closed by http in every case). HEAD requests never pull. */
void http_answer_source(struct http_exchange *x, int status, const char *content_type,
                        struct source *body);
/* Before answering with a source of what is only of use while it is new: the system then holds
 * little of it for a client that does not take it. Stays with the connection. */
void http_hold_little(struct http_exchange *x);
/* problem+json from problem.def; detail says what was wrong here and may be NULL (the table's
 * sentence is used). */
void http_answer_problem(struct http_exchange *x, enum problem p, const char *detail_fmt, ...)
    PRINTF_LIKE(3, 4);

/* An error in another format than problem+json; may like a problem be sent in mid body. Copied. */
void http_answer_error(struct http_exchange *x, int status, const char *content_type,
                       const char *text);
/* One more member of the coming problem, if it becomes one; takes the reference. */
void http_add_problem_member(struct http_exchange *x, const char *name, json_t *value);

/* Called once when the exchange is over: the answer was given, and it was sent or the connection is
 * lost. Its memory (and the principal) may be used until then. One per exchange. */
void http_on_finish(struct http_exchange *x, loop_fn *fn, void *arg);
/* True once the client is known to be gone (noticed within a second or so): an expensive handler
 * may stop early. It answers all the same; a client that only closed its sending half still gets
 * it. */
bool http_gone(const struct http_exchange *x);
/* Give the handler more time than the default before http answers 503 on its behalf. */
void http_set_deadline(struct http_exchange *x, uint64_t ms);

#endif
