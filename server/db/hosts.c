/* SPDX-License-Identifier: Apache-2.0 */
/* The URL is taken apart once. Each look-up is an object of its own that the thread pool works on
 * and that outlives us if need be; its result is the list of places to try. */
#include "db/hosts.h"

#include "base/buf.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

enum { HOSTS_MAX = 16, PLACES_MAX = 32, FRESH_MS = 10000, LIST_MAX = 8192, OPTIONS_MAX = 64 };

struct place {
    char *host, *address, *port; /* address "": libpq needs none */
};

struct places {
    unsigned n;
    struct place at[PLACES_MAX];
};

struct lookup {
    struct hosts *hosts; /* NULL: nobody waits any more */
    struct places asked, found;
};

struct hosts {
    struct loop *loop;
    PQconninfoOption *options; /* NULL when the URL cannot be read: libpq will say so */
    char *url;
    struct places asked, found; /* as in the URL; looked up */
    bool has_names;
    struct lookup *running;
    uint64_t found_ms; /* monotonic; 0: never */
};

static void places_add(struct places *p, const char *host, const char *address, const char *port)
{
    if (p->n < PLACES_MAX) {
        p->at[p->n++] = (struct place){mem_str(host), mem_str(address), mem_str(port)};
    }
}

static void places_finish(struct places *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        free(p->at[i].host);
        free(p->at[i].address);
        free(p->at[i].port);
    }
    *p = (struct places){0};
}

static void places_copy(const struct places *from, struct places *to)
{
    for (unsigned i = 0; i < from->n; i++) {
        places_add(to, from->at[i].host, from->at[i].address, from->at[i].port);
    }
}

/* ---- the URL ---- */

static const char *option(const struct hosts *h, const char *key)
{
    for (const PQconninfoOption *o = h->options; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, key) == 0) {
            return o->val != NULL ? o->val : "";
        }
    }
    return "";
}

/* The i-th part of a list with commas; *ret_n counts them. Memory is the copy's. */
static unsigned split(char *list, char *parts[HOSTS_MAX])
{
    unsigned n = 0;
    for (char *p = list; p != NULL && n < HOSTS_MAX;) {
        parts[n++] = strsep(&p, ",");
    }
    return n;
}

static bool is_name(const char *host, const char *address)
{
    unsigned char raw[16];
    return address[0] == '\0' && host[0] != '\0' && host[0] != '/' && host[0] != '@' &&
           inet_pton(AF_INET, host, raw) != 1 && inet_pton(AF_INET6, host, raw) != 1;
}

static void take_apart(struct hosts *h)
{
    CLEANUP(mem_free_at) char *host_list = mem_str(option(h, "host"));
    CLEANUP(mem_free_at) char *address_list = mem_str(option(h, "hostaddr"));
    CLEANUP(mem_free_at) char *port_list = mem_str(option(h, "port"));
    char *hosts[HOSTS_MAX], *addresses[HOSTS_MAX], *ports[HOSTS_MAX];
    unsigned n_hosts = split(host_list, hosts);
    unsigned n_addresses = split(address_list, addresses);
    unsigned n_ports = split(port_list, ports);
    unsigned n = n_addresses > n_hosts ? n_addresses : n_hosts;
    for (unsigned i = 0; i < n; i++) {
        const char *host = i < n_hosts ? hosts[i] : "";
        const char *address = i < n_addresses ? addresses[i] : "";
        places_add(&h->asked, host, address, n_ports == 1 ? ports[0] : i < n_ports ? ports[i] : "");
        h->has_names = h->has_names || is_name(host, address);
    }
}

struct hosts *hosts_create(struct loop *l, const char *url)
{
    struct hosts *h = mem_new(struct hosts);
    h->loop = l;
    h->url = mem_str(url);
    h->options = PQconninfoParse(url, NULL);
    take_apart(h);
    return h;
}

/* ---- looking up ---- */

static void look_up(struct places *found, const struct place *p)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    char address[INET6_ADDRSTRLEN];
    if (getaddrinfo(p->host, NULL, &hints, &list) != 0) {
        return;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(address), NULL, 0,
                        NI_NUMERICHOST) == 0) {
            places_add(found, p->host, address, p->port);
        }
    }
    freeaddrinfo(list);
}

static void on_thread(void *arg)
{
    struct lookup *u = arg;
    for (unsigned i = 0; i < u->asked.n; i++) {
        const struct place *p = &u->asked.at[i];
        if (is_name(p->host, p->address)) {
            look_up(&u->found, p);
        } else {
            places_add(&u->found, p->host, p->address, p->port);
        }
    }
}

static void on_found(void *arg)
{
    struct lookup *u = arg;
    struct hosts *h = u->hosts;
    if (h != NULL) {
        h->running = NULL;
        h->found_ms = clock_mono_ms();
        places_finish(&h->found);
        h->found = u->found;
    } else {
        places_finish(&u->found);
    }
    places_finish(&u->asked);
    free(u);
}

bool hosts_ready(struct hosts *h)
{
    if (!h->has_names ||
        (h->found_ms != 0 && clock_mono_ms() - h->found_ms < FRESH_MS && h->running == NULL)) {
        return true;
    }
    if (h->running == NULL) {
        h->running = mem_new(struct lookup);
        h->running->hosts = h;
        places_copy(&h->asked, &h->running->asked);
        loop_offload(h->loop, on_thread, on_found, h->running);
    }
    return false;
}

/* ---- connecting ---- */

struct keywords {
    const char *keys[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
    unsigned n;
};

static void put(struct keywords *k, const char *key, const char *value)
{
    if (k->n < OPTIONS_MAX) {
        k->keys[k->n] = key;
        k->values[k->n++] = value;
    }
}

/* Replace the URL's hosts by the places, first the one whose turn it is. */
static void put_places(struct keywords *k, const struct places *p, unsigned attempt,
                       struct buf lists[3])
{
    for (unsigned i = 0; i < p->n; i++) {
        const struct place *at = &p->at[(i + attempt) % p->n];
        const char *comma = i > 0 ? "," : "";
        buf_printf(&lists[0], "%s%s", comma, at->host);
        buf_printf(&lists[1], "%s%s", comma, at->address);
        buf_printf(&lists[2], "%s%s", comma, at->port);
    }
    put(k, "host", (const char *)lists[0].data);
    put(k, "hostaddr", (const char *)lists[1].data);
    put(k, "port", (const char *)lists[2].data);
}

PGconn *hosts_connect(const struct hosts *h, unsigned attempt)
{
    struct keywords k = {.n = 0};
    struct buf lists[3] = {BUF_INIT(LIST_MAX), BUF_INIT(LIST_MAX), BUF_INIT(LIST_MAX)};
    const struct places *p = h->has_names ? &h->found : &h->asked;
    /* What stands before the URL it may override; what stands behind it, not. */
    put(&k, "target_session_attrs", "read-write");
    put(&k, "keepalives_idle", "10");
    put(&k, "keepalives_interval", "5");
    put(&k, "keepalives_count", "3");
    put(&k, "tcp_user_timeout", "10000");
    put(&k, "dbname", h->url);
    put(&k, "client_encoding", "UTF8");
    put(&k, "application_name", "doorward");
    if (h->has_names && p->n == 0) {
        put(&k, "host", "/no/host/name/of/the/database/resolves");
    } else if (h->has_names || p->n > 1) {
        put_places(&k, p, attempt, lists);
    }
    PGconn *pg = PQconnectStartParams(k.keys, k.values, 1);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        buf_finish(&lists[i]);
    }
    return pg;
}

struct hosts *hosts_destroy(struct hosts *h)
{
    if (h == NULL) {
        return NULL;
    }
    if (h->running != NULL) {
        h->running->hosts = NULL;
    }
    PQconninfoFree(h->options);
    places_finish(&h->asked);
    places_finish(&h->found);
    free(h->url);
    free(h);
    return NULL;
}
