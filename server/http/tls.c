/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that can be replaced while running, and session tickets.
 *
 * Each TLS session is given our own GnuTLS credentials when its connection starts, and holds a
 * reference until it ends: a replaced certificate serves the handshakes that began with it and goes
 * with the last of them. libmicrohttpd 0.9.75 sets up no session tickets, so this does. All loops
 * use one ticket secret, made at start. GnuTLS derives the key in use from it and the time, a new
 * one every three times the session life time, and still reads the tickets of the key before: with
 * a life time of eight hours that is a daily rotation that breaks no resumption.
 *
 * TLS 1.3 tickets go out with the first answer, not with the handshake as GnuTLS would have it: a
 * client that only writes (the ffmpeg program does) never reads them, and closing a socket with
 * unread bytes makes its kernel send a reset and throw away the end of the upload. libmicrohttpd
 * 0.9.75 has no option for the flag that asks for it, so our gnutls_init() stands before the
 * library's. */
#include "http/state.h"

#include "base/clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

enum { TICKET_LIFE_S = 8 * 3600 };

/* AES-GCM first although a camera may prefer ChaCha20, which is GnuTLS's slow path. */
const char tls_priorities[] = "NORMAL:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"
                              "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305";

struct tls_credentials {
    gnutls_certificate_credentials_t gnutls;
    unsigned refs; /* guarded by the certificate's lock */
    struct http_certificate *owner;
};

struct http_certificate {
    struct {
        pthread_mutex_t lock;
        struct tls_credentials *current;
        unsigned refs; /* credentials alive */
    } synced;
};

static gnutls_datum_t ticket_secret;
static pthread_once_t ticket_once = PTHREAD_ONCE_INIT;

static void make_ticket_secret(void)
{
    ALWAYS(gnutls_session_ticket_key_generate(&ticket_secret) == 0);
}

typedef int gnutls_init_fn(gnutls_session_t *session, unsigned flags);
static gnutls_init_fn *library_init;
static pthread_once_t library_init_once = PTHREAD_ONCE_INIT;

static void find_library_init(void)
{
    union {
        void *p;
        gnutls_init_fn *fn;
    } symbol = {.p = dlsym(RTLD_NEXT, "gnutls_init")};
    ALWAYS(symbol.p != NULL);
    library_init = symbol.fn;
}

int gnutls_init(gnutls_session_t *session, unsigned flags)
{
    pthread_once(&library_init_once, find_library_init);
    return library_init(session,
                        flags & GNUTLS_SERVER ? flags | GNUTLS_NO_AUTO_SEND_TICKET : flags);
}

static gnutls_datum_t datum(const char *pem)
{
    union {
        const char *in;
        unsigned char *out;
    } text = {.in = pem}; /* gnutls_datum_t has no const; the import only reads */
    return (gnutls_datum_t){.data = text.out, .size = (unsigned)strlen(pem)};
}

static int load(const char *cert_pem, const char *key_pem, struct tls_credentials **ret)
{
    gnutls_certificate_credentials_t g;
    ALWAYS(gnutls_certificate_allocate_credentials(&g) == 0);
    gnutls_datum_t cert = datum(cert_pem), key = datum(key_pem);
    if (gnutls_certificate_set_x509_key_mem(g, &cert, &key, GNUTLS_X509_FMT_PEM) < 0) {
        gnutls_certificate_free_credentials(g);
        return -EINVAL;
    }
    *ret = mem_new(struct tls_credentials);
    (*ret)->gnutls = g;
    (*ret)->refs = 1;
    return 0;
}

/* Drop one reference; frees the credentials, and the certificate with the last of them. */
static void drop(struct http_certificate *owner, struct tls_credentials *t)
{
    pthread_mutex_lock(&owner->synced.lock);
    bool last = --t->refs == 0;
    bool all = last && --owner->synced.refs == 0;
    pthread_mutex_unlock(&owner->synced.lock);
    if (last) {
        gnutls_certificate_free_credentials(t->gnutls);
        free(t);
    }
    if (all) {
        pthread_mutex_destroy(&owner->synced.lock);
        free(owner);
    }
}

int http_certificate_create(const char *cert_pem, const char *key_pem,
                            struct http_certificate **ret_cert)
{
    struct tls_credentials *t;
    int r = load(cert_pem, key_pem, &t);
    if (r < 0) {
        return r;
    }
    pthread_once(&ticket_once, make_ticket_secret);
    struct http_certificate *c = mem_new(struct http_certificate);
    pthread_mutex_init(&c->synced.lock, NULL);
    c->synced.current = t;
    c->synced.refs = 1;
    t->owner = c;
    *ret_cert = c;
    return 0;
}

int http_certificate_replace(struct http_certificate *c, const char *cert_pem, const char *key_pem)
{
    struct tls_credentials *t;
    int r = load(cert_pem, key_pem, &t);
    if (r < 0) {
        return r;
    }
    t->owner = c;
    pthread_mutex_lock(&c->synced.lock);
    struct tls_credentials *old = c->synced.current;
    c->synced.current = t;
    c->synced.refs++;
    pthread_mutex_unlock(&c->synced.lock);
    drop(c, old);
    return 0;
}

struct http_certificate *http_certificate_destroy(struct http_certificate *c)
{
    if (c != NULL) {
        drop(c, c->synced.current);
    }
    return NULL;
}

static int no_certificate(gnutls_session_t session, const gnutls_datum_t *ca, int n_ca,
                          const gnutls_pk_algorithm_t *algos, int n_algos,
                          gnutls_pcert_st **ret_cert, unsigned *ret_n, gnutls_privkey_t *ret_key)
{
    return -1;
}

void *tls_no_certificate(void)
{
    union {
        gnutls_certificate_retrieve_function2 *fn;
        void *p;
    } none = {.fn = no_certificate};
    return none.p;
}

static gnutls_session_t session_of(struct http_conn *c)
{
    return MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

/* ---- waiting in the handshake ----
 * libmicrohttpd 0.9.75 keeps a connection "ready" while its handshake waits for the client, and
 * spins. So the connection is suspended there, and watched by the loop until the client sends more.
 */

static void on_more(void *arg, int events)
{
    struct http_conn *c = arg;
    c->stalled = watch_destroy(c->stalled);
    MHD_resume_connection(c->mhd);
    server_kick(c->server);
}

static ssize_t on_pull(gnutls_transport_ptr_t transport, void *p, size_t n)
{
    struct http_conn *c = transport;
    ssize_t got = recv(c->fd, p, n, 0);
    if (got < 0 && errno == EAGAIN && c->phase == CONN_HANDSHAKE && c->stalled == NULL) {
        c->stalled = watch_create(c->server->loop, c->fd, on_more, c);
        watch_set(c->stalled, UV_READABLE);
        MHD_suspend_connection(c->mhd);
        errno = EAGAIN;
    }
    return got;
}

void tls_resume_stalled(struct http_conn *c)
{
    if (c->stalled != NULL) {
        on_more(c, 0);
    }
}

/* The client's Finished message ends the handshake in 1.2 and 1.3, full or resumed. */
static int on_handshake(gnutls_session_t session, unsigned type, unsigned post, unsigned incoming,
                        const gnutls_datum_t *msg)
{
    struct http_conn *c = gnutls_db_get_ptr(session);
    if (incoming && c != NULL && c->phase == CONN_HANDSHAKE) {
        c->phase = CONN_IDLE;
        c->since_ms = clock_mono_ms();
        /* Nothing is sent now that would carry the acknowledgement along, and a client with Nagle's
         * algorithm holds its request back until it comes: not 40 ms later. */
        setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
    }
    return 0;
}

int tls_session_begin(struct http_conn *c)
{
    gnutls_session_t session = session_of(c);
    struct http_certificate *cert = c->server->certificate;
    pthread_mutex_lock(&cert->synced.lock);
    c->credentials = cert->synced.current;
    c->credentials->refs++;
    pthread_mutex_unlock(&cert->synced.lock);
    gnutls_transport_set_ptr2(session, c, (gnutls_transport_ptr_t)(intptr_t)c->fd);
    gnutls_transport_set_pull_function(session, on_pull);
    gnutls_db_set_ptr(session, c); /* no session data base is used: the slot is free */
    gnutls_db_set_cache_expiration(session, TICKET_LIFE_S);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       on_handshake);
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->credentials->gnutls) < 0 ||
        gnutls_session_ticket_enable_server(session, &ticket_secret) < 0) {
        return -ENOMEM;
    }
    return 0;
}

void tls_send_ticket(struct http_conn *c)
{
    gnutls_session_t session = session_of(c);
    if (!c->ticket_sent && gnutls_protocol_get_version(session) == GNUTLS_TLS1_3) {
        /* Some hundred bytes into a socket that nothing was sent to yet. Should they not fit, the
         * client does without. */
        (void)gnutls_session_ticket_send(session, 1, 0);
    }
    c->ticket_sent = true;
}

void tls_session_end(struct http_conn *c)
{
    if (c->credentials != NULL) {
        drop(c->credentials->owner, c->credentials);
        c->credentials = NULL;
    }
}
