/* SPDX-License-Identifier: Apache-2.0 */
/* A request target: sanity, routing, decoding of names and arguments, cookies. */
#include "http/router.h"
#include "http/uri.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_route table[] = {
    {HTTP_GET, "/", NULL},           {HTTP_GET, "/clips/{id}", NULL},
    {HTTP_POST, "/clips/all", NULL}, {HTTP_PUT, "/ingest/{camera}/{name}", NULL},
    {HTTP_GET, "/{a}/{b}/c", NULL},  {HTTP_PUT, "/s3/{bucket}/{key...}", NULL},
};

static void decode(const char *s, size_t n, bool plus)
{
    char *out = mem_alloc(n + 1, 1);
    ssize_t len = uri_decode(s, n, plus, out);
    ALWAYS(len < 0 || ((size_t)len <= n && strlen(out) == (size_t)len));
    free(out);
}

static void route(const char *path)
{
    static struct router *router;
    struct route_match m;
    router = router != NULL ? router : router_create(table, ARRAY_LEN(table));
    for (enum http_method method = 0; method < HTTP_METHODS; method++) {
        if (router_match(router, method, path, &m) != 0) {
            continue;
        }
        for (size_t i = 0; i < m.n_params; i++) {
            if (m.params[i].name[m.params[i].name_len] == '.') { /* a rest: any of what is sane */
                decode(m.params[i].value, m.params[i].value_len, false);
                continue;
            }
            char out[URI_SEGMENT_MAX * 3 + 1];
            ssize_t n = uri_decode(m.params[i].value, m.params[i].value_len, false, out);
            ALWAYS(n > 0 && n <= URI_SEGMENT_MAX && strchr(out, '/') == NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size + 1, 1);
    memcpy(text, data, size);
    size_t n;
    const char *at = text, *name, *value;
    size_t name_len, value_len;
    while (uri_next_arg(&at, &name, &name_len, &value, &value_len)) {
        decode(name, name_len, true);
        decode(value, value_len, true);
    }
    const char *cookie = uri_cookie(text, "a", &n);
    ALWAYS(cookie == NULL || cookie + n <= text + size);
    if (uri_is_sane(text, &n)) {
        text[n] = '\0';
        ALWAYS(strstr(text, "/../") == NULL);
        decode(text, n, false);
        route(text);
    }
    free(text);
    return 0;
}
