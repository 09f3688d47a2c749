/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP(S) front end of one loop, on libmicrohttpd with an external epoll. Each loop has its own
 * listening socket on the same port (SO_REUSEPORT). Certificates are shared by all loops and can be
 * replaced while running. */
#ifndef HTTP_DAEMON_H
#define HTTP_DAEMON_H

#include "base/loop.h"
#include "http/router.h"

/* Key and certificate chain, PEM. Thread-safe: handshakes read it, SIGHUP replaces it. */
struct http_certificate;
int http_certificate_create(const char *cert_pem, const char *key_pem,
                            struct http_certificate **ret_cert) MUST_CHECK; /* -EINVAL */
int http_certificate_replace(struct http_certificate *c, const char *cert_pem,
                             const char *key_pem) MUST_CHECK; /* old stays on failure */
struct http_certificate *http_certificate_destroy(struct http_certificate *c);

struct http_limits {
    unsigned connections;        /* per loop */
    unsigned connections_per_ip; /* 0 = no limit */
    size_t memory_bytes;         /* per connection, resident: 64 KiB hands over whole TLS records */
    unsigned handshake_s;        /* TLS handshake done, 10 */
    unsigned header_s;           /* headers complete, 20 */
    unsigned idle_s;             /* keep-alive between requests, 75 */
    unsigned body_idle_s;        /* no body byte for that long, 30 */
    unsigned body_min_rate;      /* bytes/s after 30 s, 1024 */
    unsigned handler_s;          /* a handler that does not answer: 503, 30 */
    unsigned send_idle_s;        /* the client takes less than body_min_rate for so long, 60 */
};
extern const struct http_limits http_limits_default;

/* A host name of its own for a part of the table: https://HOST/a is served as PREFIX/a, and
 * https://LABEL.HOST/a as PREFIX/LABEL/a. */
struct http_mount {
    const char *host;   /* without a port; NULL or "" = none; borrowed */
    const char *prefix; /* "/s3" */
};

struct http_server_params {
    struct loop *loop;
    const char *host; /* numeric address or NULL = any, v4 and v6 */
    uint16_t port;
    struct http_certificate *certificate; /* NULL = plain HTTP */
    const struct router *router;
    void *app;
    const struct http_limits *limits;   /* NULL = default; borrowed */
    const char *const *trusted_proxies; /* NULL-ended list of numeric addresses, or NULL */
    struct http_mount mount;
    /* Called for every finished exchange, for log and metrics: on the loop, possibly before the
     * handler's late answer. status 499: the client left before an answer was sent. May be NULL. */
    void (*observe)(void *app, const struct http_exchange *x, int status, uint64_t sent_bytes,
                    uint64_t took_us);
};
struct http_server;
/* -EADDRINUSE, -EACCES, ... */
int http_server_create(const struct http_server_params *p,
                       struct http_server **ret_server) MUST_CHECK;
/* The port it really listens on (for port 0). */
uint16_t http_server_port(const struct http_server *s);
/* Stop accepting, answer new requests on kept connections with `Connection: close`, wait for
 * exchanges under way at most grace_ms, then call done(arg) once. */
void http_server_drain(struct http_server *s, uint64_t grace_ms, loop_fn *done, void *arg);
/* After drain's done(). Takes NULL. */
struct http_server *http_server_destroy(struct http_server *s);
unsigned http_server_connections(const struct http_server *s);

#endif
