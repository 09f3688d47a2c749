/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: when will there be no room? Each camera's footage grows by its daily rate until its oldest
 * is as old as the rules keep any; from then on as much goes as comes. */
#ifndef RETENTION_FORECAST_H
#define RETENTION_FORECAST_H

#include "base/status.h"

#include <stddef.h>

struct forecast_camera {
    int64_t used_bytes, quota_bytes; /* quota: 0 = none */
    int64_t recent_bytes, recent_us; /* what came lately, and in how long */
    int64_t keep_us;                 /* of what comes: the longest of its kinds */
    int64_t oldest_us;               /* arrival of its oldest footage; 0 = it has none */
};
int64_t forecast_bytes_per_day(const struct forecast_camera *c);
/* UTC when `room_bytes` more are used up by all of them together; 0: not within ten years. */
int64_t forecast_full_us(const struct forecast_camera *cameras, size_t n, int64_t room_bytes,
                         int64_t now_us);

#endif
