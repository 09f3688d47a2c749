/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of live view share. */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/api.h"
#include "live/live.h"

void api_live_refused(struct http_exchange *x, int status); /* LIVE_E_ */

#endif
