/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's own door: /metrics and /healthz as plain HTTP on METRICS_LISTEN, on the main
 * thread's loop, so that it answers even when every lane is busy. */
#ifndef APP_METRICS_LISTENER_H
#define APP_METRICS_LISTENER_H

#include "base/loop.h"

struct config;
struct metrics_listener;

/* healthy(arg) decides /healthz. *ret_listener is NULL when it is switched off. On failure reason
 * holds one sentence. */
int metrics_listener_create(struct loop *l, const struct config *c, bool (*healthy)(void *arg),
                            void *arg, struct metrics_listener **ret_listener, char *reason,
                            size_t size) MUST_CHECK;
/* Stops, then calls done(arg); destroy afterwards. A NULL listener is done at once. */
void metrics_listener_drain(struct metrics_listener *m, loop_fn *done, void *arg);
struct metrics_listener *metrics_listener_destroy(struct metrics_listener *m); /* takes NULL */

#endif
