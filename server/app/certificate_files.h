/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate the front end shows: the configured files, or a self-signed one that is made on
 * the first start and again before it expires. */
#ifndef APP_CERTIFICATE_FILES_H
#define APP_CERTIFICATE_FILES_H

#include "http/daemon.h"

struct config;

/* On failure reason holds one sentence. */
int certificate_files_load(const struct config *c, struct http_certificate **ret_certificate,
                           char *reason, size_t size) MUST_CHECK;
/* Read the files again; what was in use stays on failure. */
int certificate_files_reload(const struct config *c, struct http_certificate *certificate,
                             char *reason, size_t size) MUST_CHECK;

#endif
