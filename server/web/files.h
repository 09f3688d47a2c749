/* SPDX-License-Identifier: Apache-2.0 */
/* The files the server carries: the browser app and the API description. Made by embed.py, sorted
 * by path. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include <stddef.h>

enum web_encoding { WEB_PLAIN, WEB_GZIP, WEB_BROTLI, WEB_ENCODINGS };

struct web_file {
    const char *path; /* "/index.html", "/assets/app-HASH.js", "/api/openapi.json" */
    const char *content_type;
    const char *hash; /* of the plain form */
    struct {
        const unsigned char *p;
        size_t n; /* 0 = not carried in this form */
    } form[WEB_ENCODINGS];
};
extern const struct web_file web_files[];
extern const size_t web_files_n;

#endif
