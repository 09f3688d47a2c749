/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of live view share. */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/api.h"
#include "live/live.h"

/* The end of the signed link a request came by, or 0. */
int64_t api_link_end_us(const struct http_exchange *x, const struct principal *who);
void api_live_refused(struct http_exchange *x, int status); /* LIVE_E_ */
/* A view that ended before anything was sent. */
void api_live_ended(struct http_exchange *x, enum live_end how);

#endif
