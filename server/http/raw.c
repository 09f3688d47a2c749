/* SPDX-License-Identifier: Apache-2.0 */
/* Answers past libmicrohttpd. It takes none while a body arrives, and to a malformed Content-Length
 * version 0.9.75 sends two heads. In these two cases the error is written to the socket or the
 * TLS session here - nothing else of this exchange is in their buffers then - and both are closed
 * for writing, so that whatever libmicrohttpd still tries fails. The socket lingers for the unread
 * body. */
#include "http/state.h"

#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

enum { RAW_MAX = 8192, CLOSE_S = 1 };

static void format(struct http_exchange *x, struct buf *out)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\n", x->status,
               MHD_get_reason_phrase_for((unsigned)x->status));
    for (const struct http_pair *p = x->headers_out; p != NULL; p = p->next) {
        if (strcmp(p->name, "Connection") != 0) {
            buf_printf(out, "%s: %s\r\n", p->name, p->value);
        }
    }
    buf_printf(out, "Connection: close\r\nContent-Length: %zu\r\n\r\n", strlen(x->problem));
    if (x->method != HTTP_HEAD) {
        buf_str(out, x->problem);
    }
}

/* One record, or one segment into an empty buffer: all of it or, if the client is gone, nothing. */
static void write_and_close(struct http_conn *c, const struct buf *b)
{
    if (c->server->certificate != NULL) {
        gnutls_session_t session =
            MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
        gnutls_record_send(session, b->data, b->len);
        gnutls_bye(session, GNUTLS_SHUT_WR);
    } else {
        send(c->fd, b->data, b->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    shutdown(c->fd, SHUT_WR);
}

void raw_answer(struct http_exchange *x)
{
    if (x->problem == NULL || x->queued) {
        return;
    }
    struct buf out = BUF_INIT(RAW_MAX);
    format(x, &out);
    if (!out.overflow) {
        write_and_close(x->conn, &out);
        x->queued = true;
        x->conn->lingering = true;
    }
    buf_finish(&out);
    x->aborted = true;
    if (!x->inside && !x->suspended) {
        /* Nothing may come that makes libmicrohttpd call us: let it close by time-out. */
        MHD_set_connection_option(x->conn->mhd, MHD_CONNECTION_OPTION_TIMEOUT, CLOSE_S);
    }
}

static bool has_bad_length(struct http_conn *c)
{
    const char *v = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Content-Length");
    size_t digits = v != NULL ? strspn(v, "0123456789") : 1;
    return v != NULL && (digits == 0 || v[digits] != '\0' || digits > 18);
}

void raw_refuse_lengths(struct http_server *s)
{
    list_for_each (n, &s->conns) {
        struct http_conn *c = CONTAINER_OF(n, struct http_conn, node);
        struct http_exchange *x = c->x;
        if (c->phase == CONN_HEAD && !x->answered && has_bad_length(c)) {
            x->phase = X_HEAD;
            x->refused = x->inside = true;
            answer_problem(x, PROBLEM_bad_request, "Content-Length is not a number.");
            raw_answer(x);
            x->inside = false;
        }
    }
}
