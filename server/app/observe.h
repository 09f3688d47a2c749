/* SPDX-License-Identifier: Apache-2.0 */
/* One log line and the metrics of every finished exchange. */
#ifndef APP_OBSERVE_H
#define APP_OBSERVE_H

#include "http/exchange.h"

void observe_exchange(void *app, const struct http_exchange *x, int status, uint64_t sent_bytes,
                      uint64_t took_us);

#endif
