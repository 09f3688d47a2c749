/* SPDX-License-Identifier: Apache-2.0 */
/* Once a second: every time-out of the front end, and whether suspended clients are still there.
 * libmicrohttpd has one number per connection for all of that, and looks at no suspended one. A
 * connection is ended by shutting its socket down: libmicrohttpd then sees the end and cleans up.
 */
#include "http/state.h"

#include "base/clock.h"
#include "http/tcp.h"

#include <poll.h>
#include <sys/socket.h>

enum { RATE_AFTER_MS = 30000, POLL_BATCH = 256 };

struct batch {
    struct pollfd fds[POLL_BATCH];
    struct http_conn *conns[POLL_BATCH];
    unsigned n;
};

static void hang_up(struct http_conn *c)
{
    shutdown(c->fd, SHUT_RDWR);
    if (c->x != NULL) {
        exchange_abort(c->x);
    }
}

static bool is_over(uint64_t now_ms, uint64_t since_ms, unsigned limit_s)
{
    return limit_s != 0 && now_ms >= since_ms + (uint64_t)limit_s * 1000;
}

static void sweep_body(struct http_conn *c, struct http_exchange *x, uint64_t now_ms)
{
    const struct http_limits *l = &c->server->limits;
    uint64_t took_ms = now_ms - x->body_since_ms - x->body_paused_ms;
    bool slow = took_ms >= RATE_AFTER_MS && x->body_got * 1000 < l->body_min_rate * took_ms;
    if (!slow && !is_over(now_ms, x->body_last_ms, l->body_idle_s)) {
        return;
    }
    if (x->answered) {
        hang_up(c);
    } else {
        answer_problem(x, PROBLEM_timeout, NULL);
    }
}

static void sweep_suspended(struct http_conn *c, uint64_t now_ms, struct batch *b)
{
    struct http_exchange *x = c->x;
    c->acked_bytes = ACKED_UNKNOWN; /* our pause, not the client's */
    if (!x->answered && now_ms >= x->wait_since_ms + x->deadline_ms) {
        answer_problem(x, PROBLEM_unavailable, NULL);
    } else if (b->n < POLL_BATCH) {
        b->fds[b->n] = (struct pollfd){.fd = c->fd, .events = POLLRDHUP};
        b->conns[b->n++] = c;
    }
}

/* The least rate counts for answers too, over each span of send_idle_s: a client that takes a few
 * bytes now and then is as good as one that takes none. */
static void sweep_sending(struct http_conn *c, uint64_t now_ms)
{
    const struct http_limits *l = &c->server->limits;
    if (c->acked_bytes != ACKED_UNKNOWN && !is_over(now_ms, c->since_ms, l->send_idle_s)) {
        return;
    }
    uint64_t acked = tcp_acked_bytes(c->fd);
    uint64_t least = (uint64_t)l->body_min_rate * l->send_idle_s;
    if (c->acked_bytes != ACKED_UNKNOWN && acked - c->acked_bytes < least) {
        hang_up(c);
    }
    c->acked_bytes = acked;
    c->since_ms = now_ms;
}

static void sweep_conn(struct http_conn *c, uint64_t now_ms, struct batch *b)
{
    const struct http_limits *l = &c->server->limits;
    unsigned limit_s = c->phase == CONN_HANDSHAKE           ? l->handshake_s
                       : c->phase == CONN_IDLE && c->served ? l->idle_s
                                                            : l->header_s;
    if (c->x != NULL && c->x->suspended) {
        sweep_suspended(c, now_ms, b);
    } else if (c->phase == CONN_EXCHANGE) {
        if (c->x->phase == X_BODY) {
            sweep_body(c, c->x, now_ms);
        }
    } else if (c->phase == CONN_SENDING) {
        sweep_sending(c, now_ms);
    } else if (is_over(now_ms, c->since_ms, limit_s)) {
        hang_up(c);
    }
}

/* What a client sent before it left may still wait in the socket. */
static bool has_unread_body(const struct http_exchange *x)
{
    return x->phase == X_BODY || (x->phase == X_HEAD && http_body_size(x) > 0);
}

/* A client that sent its whole request and closed its half may still want the answer: it is only
 * marked. One that is gone in both directions is cut off. */
static void look(struct batch *b)
{
    if (b->n == 0 || poll(b->fds, b->n, 0) <= 0) {
        b->n = 0;
        return;
    }
    for (unsigned i = 0; i < b->n; i++) {
        struct http_exchange *x = b->conns[i]->x;
        if (b->fds[i].revents & (POLLERR | POLLHUP | POLLNVAL)) {
            exchange_abort(x);
        } else if (b->fds[i].revents & POLLRDHUP && !has_unread_body(x)) {
            x->gone = true;
        }
    }
    b->n = 0;
}

/* Nothing here makes libmicrohttpd run, so the list does not change under the walk. */
void sweep_run(struct http_server *s, uint64_t now_ms)
{
    struct batch b = {.n = 0};
    list_for_each (n, &s->conns) {
        sweep_conn(CONTAINER_OF(n, struct http_conn, node), now_ms, &b);
        if (b.n == POLL_BATCH) {
            look(&b);
        }
    }
    look(&b);
}
