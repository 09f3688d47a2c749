/* SPDX-License-Identifier: Apache-2.0 */
/* The browser app as the server gives it out: one document for every page of the app, assets named
 * by their content, and the API description. Nothing here needs to know who asks. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "http/exchange.h"
#include "web/files.h"

/* The document; the app itself reads the address. Sent with the Content-Security-Policy. */
void web_page(struct http_exchange *x);
/* /assets/{file}: cacheable for ever; 404 for a name of another build. */
void web_asset(struct http_exchange *x);
/* /api/openapi.json */
void web_openapi(struct http_exchange *x);

/* ---- pure parts ---- */
const struct web_file *web_file_find(const char *path); /* NULL: no such file */
/* The best form of a file for an Accept-Encoding header (NULL: none was sent, so the plain one). */
enum web_encoding web_encoding_choose(const struct web_file *f, const char *accept_encoding);

#endif
