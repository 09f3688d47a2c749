/* SPDX-License-Identifier: Apache-2.0 */
/* The running server: start order and drain order (app.c), each one readable function. */
#ifndef APP_APP_H
#define APP_APP_H

#include "base/log.h"

struct config;

/* Run until SIGTERM or SIGINT and a drain; a second signal ends at once. 0, or non-zero after it
 * said in the log what could not start. */
int app_run(const struct config *c, const struct log *log) MUST_CHECK;

#endif
