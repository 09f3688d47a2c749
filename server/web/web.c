/* SPDX-License-Identifier: Apache-2.0 */
/* Serving from the embedded table. Every form of a file has its own strong ETag (the hash and the
 * encoding), since a cache may hold several of them. */
#include "web/web.h"
#include "http/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* No inline script or style, nothing from elsewhere, nobody may frame us. blob: is for players. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'";
static const char *const encoding_names[WEB_ENCODINGS] = {"identity", "gzip", "br"};

static int compare_path(const void *key, const void *element)
{
    return strcmp(key, ((const struct web_file *)element)->path);
}

const struct web_file *web_file_find(const char *path)
{
    return bsearch(path, web_files, web_files_n, sizeof(*web_files), compare_path);
}

/* Is this list element `name`, with a weight above 0? Element: up to the next comma. */
static bool element_allows(const char *element, size_t n, const char *name, bool *ret_named)
{
    size_t token = strcspn(element, ",; \t");

    *ret_named = token == strlen(name) && strncasecmp(element, name, token) == 0;
    if (!*ret_named) {
        return false;
    }
    for (size_t i = token; i + 2 < n; i++) {
        if ((element[i] == 'q' || element[i] == 'Q') && element[i + 1] == '=') {
            return strtod(element + i + 2, NULL) > 0;
        }
    }
    return true;
}

static bool encoding_allowed(const char *header, const char *name)
{
    bool any = false;

    for (const char *p = header; *p != '\0';) {
        bool named;

        p += strspn(p, ", \t");
        size_t n = strcspn(p, ",");
        if (n == 0) {
            break;
        }
        bool allowed = element_allows(p, n, name, &named);
        if (named) {
            return allowed;
        }
        any = any || element_allows(p, n, "*", &named);
        p += n;
    }
    return any;
}

enum web_encoding web_encoding_choose(const struct web_file *f, const char *accept_encoding)
{
    static const enum web_encoding best_first[] = {WEB_BROTLI, WEB_GZIP};

    for (size_t i = 0; accept_encoding != NULL && i < 2; i++) {
        enum web_encoding e = best_first[i];
        if (f->form[e].n > 0 && encoding_allowed(accept_encoding, encoding_names[e])) {
            return e;
        }
    }
    return WEB_PLAIN;
}

static void answer_file(struct http_exchange *x, const struct web_file *f)
{
    enum web_encoding e = web_encoding_choose(f, http_header(x, "Accept-Encoding"));
    const char *known = http_header(x, "If-None-Match");
    char etag[64];

    snprintf(etag, sizeof(etag), "\"%s-%s\"", f->hash, encoding_names[e]);
    http_add_header(x, "ETag", etag);
    http_add_header(x, "Vary", "Accept-Encoding");
    http_add_header(x, "X-Content-Type-Options", "nosniff");
    if (known != NULL && range_etag_listed(known, etag)) {
        http_answer_empty(x, 304);
        return;
    }
    if (e != WEB_PLAIN) {
        http_add_header(x, "Content-Encoding", encoding_names[e]);
    }
    http_answer_static(x, 200, f->content_type, f->form[e].p, f->form[e].n);
}

void web_page(struct http_exchange *x)
{
    http_add_header(x, "Content-Security-Policy", page_policy);
    http_add_header(x, "Cache-Control", "no-cache");
    http_add_header(x, "Referrer-Policy", "no-referrer");
    http_add_header(x, "Cross-Origin-Opener-Policy", "same-origin");
    http_add_header(x, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
    answer_file(x, web_file_find("/index.html"));
}

void web_asset(struct http_exchange *x)
{
    const struct web_file *f = web_file_find(http_path(x));

    if (f == NULL) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    }
    http_add_header(x, "Cache-Control", "public, max-age=31536000, immutable");
    answer_file(x, f);
}

void web_openapi(struct http_exchange *x)
{
    http_add_header(x, "Cache-Control", "no-cache");
    answer_file(x, web_file_find("/api/openapi.json"));
}
