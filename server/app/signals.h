/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM, SIGINT and SIGHUP as callbacks on a loop. */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include "base/loop.h"

struct signals;
struct signals *signals_create(struct loop *l, loop_fn *stop, loop_fn *reload, void *arg);
struct signals *signals_destroy(struct signals *s); /* takes NULL */

#endif
