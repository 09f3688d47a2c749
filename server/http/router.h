/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: match a method and a path against a table. Patterns are literal segments and {name}
 * segments: "/api/v1/clips/{id}". A {name} matches one non-empty segment without '/', at most 255
 * bytes after decoding. The last segment may be {name...}: it matches all the rest of the path,
 * slashes and empty segments too, and also nothing ("/s3/" but not "/s3" fits "/s3/{key...}").
 * Literals win over names, and a pattern without a rest over one with it. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/exchange.h"

enum { ROUTE_PARAMS_MAX = 4 };

struct http_route {
    enum http_method method; /* HTTP_GET also serves HEAD */
    const char *pattern;
    void (*begin)(struct http_exchange *x);
    unsigned access; /* meaning belongs to the table's owner (api/routes.c) */
    const void *tag;
};

struct router;
/* Copies nothing: the table must outlive the router. A pattern listed twice for one method is a
 * programming error. */
struct router *router_create(const struct http_route *table, size_t n);
struct router *router_destroy(struct router *r);

enum { ROUTER_E_NOT_FOUND = 1, ROUTER_E_METHOD };
struct route_match {
    const struct http_route *route;
    struct {
        const char *name, *value;
        size_t name_len, value_len;
    } params[ROUTE_PARAMS_MAX];
    size_t n_params;
    unsigned allowed; /* bit per http_method, filled for ROUTER_E_METHOD and OPTIONS */
};
/* path: raw, without query, sane (uri.h). Values point into it, still percent-encoded. */
int router_match(const struct router *r, enum http_method m, const char *path,
                 struct route_match *ret_match) MUST_CHECK;

#endif
