/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler may ask of its request. Everything is in the exchange's own memory: it outlives
 * the connection. */
#include "http/state.h"

#include "base/str.h"
#include "http/arena.h"
#include "http/uri.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

enum { QUERY_ARGS_MAX = 64 };

enum http_method http_method(const struct http_exchange *x)
{
    return x->method;
}

const char *http_path(const struct http_exchange *x)
{
    return x->target;
}

const char *http_raw_query(const struct http_exchange *x)
{
    return x->query;
}

bool http_header_at(const struct http_exchange *x, unsigned i, const char **ret_name,
                    const char **ret_value)
{
    if (i >= x->head.n_fields) {
        return false;
    }
    *ret_name = x->head.fields[i].name;
    *ret_value = x->head.fields[i].value;
    return true;
}

const struct http_route *http_route_of(const struct http_exchange *x)
{
    return x->route;
}

static const char *pair_value(const struct http_pair *p, const char *name)
{
    for (; p != NULL; p = p->next) {
        if (strcmp(p->name, name) == 0) {
            return p->value;
        }
    }
    return NULL;
}

const char *http_param(const struct http_exchange *x, const char *name)
{
    const char *value = pair_value(x->params, name);
    ALWAYS(value != NULL);
    return value;
}

const char *http_query(const struct http_exchange *x, const char *name)
{
    return pair_value(x->args, name);
}

const char *http_query_unknown(const struct http_exchange *x, const char *const *known)
{
    for (const struct http_pair *p = x->args; p != NULL; p = p->next) {
        const char *const *k = known;
        while (*k != NULL && strcmp(*k, p->name) != 0) {
            k++;
        }
        if (*k == NULL) {
            return p->name;
        }
    }
    return NULL;
}

const char *http_header(const struct http_exchange *x, const char *name)
{
    return head_value(&x->head, name);
}

const char *http_cookie(const struct http_exchange *x, const char *name)
{
    for (unsigned i = 0; i < x->head.n_fields; i++) {
        size_t n;
        const char *v = str_same(x->head.fields[i].name, "Cookie")
                            ? uri_cookie(x->head.fields[i].value, name, &n)
                            : NULL;
        if (v != NULL) {
            struct arena_block **arena = &((struct http_exchange *)(uintptr_t)x)->arena;
            return arena_text(arena, v, n);
        }
    }
    return NULL;
}

uint64_t http_body_size(const struct http_exchange *x)
{
    return x->head.chunked ? SOURCE_UNKNOWN_SIZE : x->head.content_length;
}

const char *http_request_id(const struct http_exchange *x)
{
    return x->request_id;
}

const char *http_peer(const struct http_exchange *x)
{
    return x->peer;
}

bool http_is_tls(const struct http_exchange *x)
{
    return x->tls;
}

struct loop *http_loop(const struct http_exchange *x)
{
    return x->loop;
}

void *http_app(const struct http_exchange *x)
{
    return x->app;
}

void *http_alloc(struct http_exchange *x, size_t n)
{
    return arena_alloc(&x->arena, n);
}

void http_set_principal(struct http_exchange *x, void *p)
{
    x->principal = p;
}

void *http_principal(const struct http_exchange *x)
{
    return x->principal;
}

bool http_gone(const struct http_exchange *x)
{
    return x->gone;
}

/* ---- filling in ---- */

static struct http_pair *new_pair(struct http_exchange *x, const char *name, const char *value)
{
    struct http_pair *p = arena_alloc(&x->arena, sizeof(*p));
    p->name = name;
    p->value = value;
    return p;
}

static char *decoded(struct http_exchange *x, const char *s, size_t n, bool plus)
{
    char *out = arena_alloc(&x->arena, n + 1);
    return uri_decode(s, n, plus, out) < 0 ? NULL : out;
}

int exchange_read_query(struct http_exchange *x)
{
    struct http_pair **tail = &x->args;
    const char *at = x->query, *name, *value;
    size_t name_len, value_len;
    for (unsigned n = 0; uri_next_arg(&at, &name, &name_len, &value, &value_len); n++) {
        const char *k = decoded(x, name, name_len, true);
        const char *v = decoded(x, value, value_len, true);
        if (k == NULL || v == NULL || n == QUERY_ARGS_MAX) {
            return -EINVAL;
        }
        *tail = new_pair(x, k, v);
        tail = &(*tail)->next;
    }
    return 0;
}

void exchange_read_params(struct http_exchange *x, const struct route_match *m)
{
    for (size_t i = 0; i < m->n_params; i++) {
        const char *name = arena_text(&x->arena, m->params[i].name, m->params[i].name_len);
        const char *value = decoded(x, m->params[i].value, m->params[i].value_len, false);
        struct http_pair *p = new_pair(x, name, value);
        p->next = x->params;
        x->params = p;
    }
}

/* Length of the host in a Host header, without its port. */
static size_t host_length(const char *s)
{
    return s[0] == '[' ? strcspn(s, "]") + (strchr(s, ']') != NULL) : strcspn(s, ":");
}

const char *exchange_route_path(struct http_exchange *x)
{
    const struct http_mount *m = &x->conn->server->mount;
    const char *host = http_header(x, "Host");
    size_t want = m->host != NULL ? strlen(m->host) : 0, n = host != NULL ? host_length(host) : 0;
    if (want == 0 || n < want || strncasecmp(host + n - want, m->host, want) != 0) {
        return x->target;
    }
    struct buf path = BUF_INIT(2 * HEAD_TARGET_MAX);
    buf_str(&path, m->prefix);
    if (n > want) { /* LABEL.HOST */
        size_t label = n - want - 1;
        if (host[label] != '.' || label == 0 ||
            strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-") != label) {
            buf_finish(&path);
            return x->target;
        }
        buf_printf(&path, "/%.*s", (int)label, host);
    }
    buf_str(&path, x->target);
    const char *copy = arena_text(&x->arena, (const char *)path.data, path.len);
    buf_finish(&path);
    return copy;
}

static void address_text(const struct sockaddr *sa, char out[48])
{
    if (sa->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, out, 48);
        return;
    }
    const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(a)) {
        inet_ntop(AF_INET, a->s6_addr + 12, out, 48);
    } else {
        inet_ntop(AF_INET6, a, out, 48);
    }
}

static bool is_trusted(const struct http_server *s, const char *address)
{
    const char *const *p = s->trusted_proxies;
    while (p != NULL && *p != NULL) {
        if (strcmp(*p++, address) == 0) {
            return true;
        }
    }
    return false;
}

/* Proxies append to X-Forwarded-For, so it is read from the right: the first address that is not a
 * proxy of ours is the client. Anything odd ends the walk. */
static void read_forwarded(struct http_exchange *x, const char *list)
{
    size_t end = strlen(list);
    while (end > 0 && is_trusted(x->conn->server, x->peer)) {
        size_t start = end;
        while (start > 0 && list[start - 1] != ',') {
            start--;
        }
        size_t at = start + strspn(list + start, " \t");
        size_t n = strcspn(list + at, " \t,");
        unsigned char binary[16];
        char text[48] = "";
        if (n == 0 || n >= sizeof(text)) {
            return;
        }
        memcpy(text, list + at, n);
        if (inet_pton(AF_INET, text, binary) != 1 && inet_pton(AF_INET6, text, binary) != 1) {
            return;
        }
        memcpy(x->peer, text, sizeof(text));
        end = start > 0 ? start - 1 : 0;
    }
}

void exchange_read_peer(struct http_exchange *x)
{
    const struct sockaddr *sa =
        MHD_get_connection_info(x->conn->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    address_text(sa, x->peer);
}

void exchange_read_forwarded(struct http_exchange *x)
{
    if (!is_trusted(x->conn->server, x->peer)) {
        return;
    }
    const char *proto = http_header(x, "X-Forwarded-Proto");
    x->tls = x->tls || (proto != NULL && str_same(proto, "https"));
    for (unsigned i = x->head.n_fields; i-- > 0;) {
        if (str_same(x->head.fields[i].name, "X-Forwarded-For")) {
            read_forwarded(x, x->head.fields[i].value);
        }
    }
}
