/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this folder: what daemon, exchange, body and answer share.
 *
 * A connection (struct http_conn) lives from accept to close and has at most one exchange. An
 * exchange lives until three parties let go: libmicrohttpd (HOLD_MHD), the handler (HOLD_HANDLER:
 * it answers exactly once, perhaps long after the client left) and the source of the answer
 * (HOLD_SOURCE). While the handler thinks or the sink is full, the connection is suspended:
 * libmicrohttpd then reports nothing about it, and the once-a-second sweep (sweep.c) watches
 * instead. */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include "base/buf.h"
#include "base/list.h"
#include "http/daemon.h"
#include "http/head.h"

#include <microhttpd.h>

enum {
    DROP_QUIETLY_BYTES = 64 * 1024
}; /* an unwanted body this small is read: the connection stays */

#define ACKED_UNKNOWN UINT64_MAX

enum conn_phase {
    CONN_HANDSHAKE, /* TLS handshake under way */
    CONN_IDLE,      /* between requests, or before the first */
    CONN_HEAD,      /* a request line was seen, its headers are not complete */
    CONN_EXCHANGE,  /* body or handler; see x->phase */
    CONN_SENDING,   /* the answer is queued */
};

struct http_conn {
    struct list node; /* on server->conns */
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_exchange *x; /* NULL between requests */
    struct tls_credentials *credentials;
    struct watch *stalled; /* suspended in its handshake until this fires; see tls.c */
    int fd;
    enum conn_phase phase;
    uint8_t *kept; /* http_keep_body(): of the request before, NULL: nothing */
    size_t kept_n;
    char *kept_target;
    bool kept_now;    /* by the request under way: it stays for one more */
    bool served;      /* had a request: from then on the keep-alive limit counts */
    bool ticket_sent; /* of TLS 1.3 */
    bool lingering;
    uint64_t since_ms;    /* of the phase, or of the last progress in it */
    uint64_t acked_bytes; /* by the client's TCP at since_ms, or ACKED_UNKNOWN */
};

struct http_server {
    struct loop *loop;
    struct MHD_Daemon *mhd;
    struct watch *watch;
    struct timer *pump, *sweep;
    bool pumping, again;
    struct http_certificate *certificate;
    const struct router *router;
    void *app;
    struct http_limits limits;
    const char *const *trusted_proxies;
    struct http_mount mount;
    void (*observe)(void *app, const struct http_exchange *x, int status, uint64_t sent_bytes,
                    uint64_t took_us);
    struct list conns;   /* struct http_conn.node */
    struct list lingers; /* linger.c */
    unsigned n_conns, n_lingers;
    unsigned n_exchanges; /* whose answer is not yet sent */
    int listen_fd;
    uint16_t port;
    bool quiesced;
    struct timer *drain;
    loop_fn *drained;
    void *drained_arg;
};

enum x_phase {
    X_NEW,   /* headers not yet looked at */
    X_HEAD,  /* first call: an answer goes out before 100 Continue */
    X_BODY,  /* body arriving; libmicrohttpd takes no answer now */
    X_WHOLE, /* request complete */
};
enum x_reader { READ_NONE, READ_COLLECT, READ_JSON, READ_SINK };
enum { HOLD_MHD = 1, HOLD_HANDLER = 2, HOLD_SOURCE = 4 };

struct http_pair {
    struct http_pair *next;
    const char *name, *value;
};

struct http_exchange {
    struct http_conn *conn; /* NULL once libmicrohttpd let go */
    struct loop *loop;
    void *app;
    unsigned holds;
    enum x_phase phase;
    bool inside;    /* in a callback of libmicrohttpd: state changes are seen when it returns */
    bool suspended; /* only while conn is set */
    bool aborted;   /* close as soon as libmicrohttpd calls */
    bool refused;   /* the head itself is bad: read nothing after it */
    bool gone;
    bool tls;

    struct arena_block *arena;
    char *target; /* path, NUL, query */
    const char *query;
    enum http_method method;
    struct head head;
    struct http_pair *args, *params;
    const struct http_route *route;
    char request_id[27];
    char peer[48];
    void *principal;
    uint64_t begin_us;

    enum x_reader reader;
    uint64_t body_max, body_got, dropped;
    bool body_ended; /* done()/end() was called */
    bool sink_ready; /* resume() was called since the last push */
    struct buf body;
    http_body_fn *body_done;
    http_json_fn *json_done;
    void *body_arg;
    struct sink *sink;
    uint64_t body_since_ms, body_last_ms, body_paused_ms; /* for the rate, without our own pauses */

    struct http_pair *headers_out;
    json_t *problem_members; /* or NULL */
    const char *problem;     /* the answer's body when it is an error */
    bool answered;           /* by whomever */
    bool queued;
    int status;
    struct MHD_Response *response;
    uint64_t sent_bytes;
    uint64_t wait_since_ms, deadline_ms; /* the handler's time */

    loop_fn *finish;
    void *finish_arg;
};

/* daemon.c */
void server_kick(struct http_server *s); /* run libmicrohttpd soon */
void server_exchange_over(struct http_server *s);
/* sweep.c */
void sweep_run(struct http_server *s, uint64_t now_ms);
/* exchange.c */
void *exchange_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *size, void **req);
void exchange_on_completed(void *cls, struct MHD_Connection *mhd, void **req,
                           enum MHD_RequestTerminationCode how);
void exchange_suspend(struct http_exchange *x);
void exchange_wake(struct http_exchange *x);
void exchange_abort(struct http_exchange *x); /* close its connection */
void exchange_release(struct http_exchange *x, unsigned hold);
/* request.c */
void exchange_read_peer(struct http_exchange *x);
void exchange_read_forwarded(struct http_exchange *x); /* from trusted proxies only */
int exchange_read_query(struct http_exchange *x);      /* -EINVAL */
void exchange_read_params(struct http_exchange *x, const struct route_match *m);
/* The path to route by: as sent, or below the mount of the host that was asked. */
const char *exchange_route_path(struct http_exchange *x);
/* body.c */
void body_check_size(struct http_exchange *x); /* refuse a declared size that is too large */
void body_take(struct http_exchange *x, const uint8_t *p, size_t *size);
void body_complete(struct http_exchange *x);
void body_break(struct http_exchange *x);
/* answer.c: an answer on the handler's behalf; the handler keeps its hold */
void answer_problem(struct http_exchange *x, enum problem p, const char *detail);
void conn_forget_body(struct http_conn *c); /* body.c, too: what was kept */
/* raw.c */
void raw_answer(struct http_exchange *x);       /* now, in mid body; only errors */
void raw_refuse_lengths(struct http_server *s); /* heads with a malformed Content-Length */
/* tls.c */
int tls_session_begin(struct http_conn *c) MUST_CHECK; /* credentials, tickets, handshake hook */
/* Before the first answer of a connection; later calls do nothing. */
void tls_send_ticket(struct http_conn *c);
void tls_session_end(struct http_conn *c);
void tls_resume_stalled(struct http_conn *c); /* before libmicrohttpd is stopped */
extern const char tls_priorities[];
/* libmicrohttpd wants a certificate callback; ours is never asked. */
void *tls_no_certificate(void);
/* linger.c */
void linger_begin(struct http_server *s, int fd);
void linger_sweep(struct http_server *s, uint64_t now_ms);
void linger_finish(struct http_server *s);

#endif
