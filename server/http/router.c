/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns are cut into segments once. A path is compared with every pattern that has as many
 * segments, or fewer and a rest; of those that fit, the one whose literals stand furthest left is
 * the resource, and only its methods count. The tables are small (tens of rows), so no tree. */
#include "http/router.h"

#include "http/uri.h"

#include <string.h>

enum { SEGMENTS_MAX = 12 };

struct segment {
    const char *p;
    size_t len;
};

struct entry {
    const struct http_route *route;
    struct segment segments[SEGMENTS_MAX];
    unsigned n_segments;
    bool rest;     /* the last segment takes all that follows */
    unsigned rank; /* bit (SEGMENTS_MAX - i): segment i is a literal; bit 0: no rest */
};

struct router {
    size_t n;
    struct entry entries[];
};

static bool is_name(const struct segment *s)
{
    return s->len > 2 && s->p[0] == '{' && s->p[s->len - 1] == '}';
}

static bool is_rest(const struct segment *s)
{
    return is_name(s) && s->len > 5 && memcmp(s->p + s->len - 4, "...}", 4) == 0;
}

/* "/a/b" is two segments, "/" is one empty one. SEGMENTS_MAX + 1 when there are more than that:
 * the first SEGMENTS_MAX are then in out. */
static unsigned split(const char *path, struct segment *out)
{
    unsigned n = 0;
    while (*path == '/') {
        if (n == SEGMENTS_MAX) {
            return n + 1;
        }
        size_t len = strcspn(++path, "/");
        out[n++] = (struct segment){path, len};
        path += len;
    }
    return n;
}

static unsigned rank_of(const struct entry *e)
{
    unsigned bits = e->rest ? 0 : 1;
    for (unsigned i = 0; i < e->n_segments; i++) {
        bits |= is_name(&e->segments[i]) ? 0 : 1U << (SEGMENTS_MAX - i);
    }
    return bits;
}

static void entry_init(struct entry *e, const struct http_route *route)
{
    e->route = route;
    e->n_segments = split(route->pattern, e->segments);
    ALWAYS(e->n_segments > 0 && e->n_segments <= SEGMENTS_MAX);
    e->rest = is_rest(&e->segments[e->n_segments - 1]);
    e->rank = rank_of(e);
    unsigned names = 0;
    for (unsigned i = 0; i < e->n_segments; i++) {
        names += is_name(&e->segments[i]);
        ALWAYS(!is_rest(&e->segments[i]) || i + 1 == e->n_segments);
    }
    ALWAYS(names <= ROUTE_PARAMS_MAX);
}

struct router *router_create(const struct http_route *table, size_t n)
{
    struct router *r = mem_alloc(1, sizeof(*r) + n * sizeof(struct entry));
    r->n = n;
    for (size_t i = 0; i < n; i++) {
        entry_init(&r->entries[i], &table[i]);
        for (size_t j = 0; j < i; j++) {
            ALWAYS(table[j].method != table[i].method ||
                   strcmp(table[j].pattern, table[i].pattern) != 0);
        }
    }
    return r;
}

struct router *router_destroy(struct router *r)
{
    free(r);
    return NULL;
}

static bool fits(const struct entry *e, const struct segment *path, unsigned n)
{
    if (e->rest ? n < e->n_segments : n != e->n_segments) {
        return false;
    }
    for (unsigned i = 0; i < e->n_segments - e->rest; i++) {
        const struct segment *s = &e->segments[i];
        if (is_name(s) ? !uri_is_segment(path[i].p, path[i].len)
                       : s->len != path[i].len || memcmp(s->p, path[i].p, s->len) != 0) {
            return false;
        }
    }
    return true;
}

static void fill_params(const struct entry *e, const struct segment *path, struct route_match *m)
{
    for (unsigned i = 0; i < e->n_segments; i++) {
        const struct segment *s = &e->segments[i];
        if (is_name(s)) {
            bool rest = is_rest(s);
            m->params[m->n_params].name = s->p + 1;
            m->params[m->n_params].name_len = s->len - (rest ? 5 : 2);
            m->params[m->n_params].value = path[i].p;
            m->params[m->n_params++].value_len = rest ? strlen(path[i].p) : path[i].len;
        }
    }
}

static bool serves(const struct http_route *route, enum http_method m)
{
    return route->method == m || (route->method == HTTP_GET && m == HTTP_HEAD);
}

static unsigned allowed_bits(const struct http_route *route)
{
    return 1U << route->method | 1U << HTTP_OPTIONS |
           (route->method == HTTP_GET ? 1U << HTTP_HEAD : 0);
}

int router_match(const struct router *r, enum http_method m, const char *path,
                 struct route_match *ret_match)
{
    struct segment segments[SEGMENTS_MAX];
    unsigned n = split(path, segments), best = 0, allowed = 0;
    const struct entry *found = NULL;
    bool any = false;
    for (size_t i = 0; n > 0 && i < r->n; i++) {
        const struct entry *e = &r->entries[i];
        if ((any && e->rank < best) || !fits(e, segments, n)) {
            continue;
        }
        if (!any || e->rank > best) {
            any = true;
            best = e->rank;
            allowed = 0;
            found = NULL;
        }
        allowed |= allowed_bits(e->route);
        found = serves(e->route, m) ? e : found;
    }
    if (!any) {
        return ROUTER_E_NOT_FOUND;
    }
    *ret_match = (struct route_match){.allowed = allowed};
    if (found == NULL) {
        return ROUTER_E_METHOD;
    }
    ret_match->route = found->route;
    fill_params(found, segments, ret_match);
    return 0;
}
