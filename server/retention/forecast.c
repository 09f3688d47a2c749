/* SPDX-License-Identifier: Apache-2.0 */
#include "retention/forecast.h"

#define DAY_US        INT64_C(86400000000)
#define HORIZON_US    (3653 * DAY_US)
#define RECENT_MIN_US (DAY_US / 24) /* less says nothing about a day */

int64_t forecast_bytes_per_day(const struct forecast_camera *c)
{
    int64_t us = c->recent_us > RECENT_MIN_US ? c->recent_us : RECENT_MIN_US;
    return (int64_t)((double)c->recent_bytes / (double)us * (double)DAY_US);
}

/* Bytes that will have been added after us. */
static double growth(const struct forecast_camera *cameras, size_t n, int64_t us, int64_t now_us)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const struct forecast_camera *c = &cameras[i];
        int64_t age_us = c->oldest_us != 0 && c->oldest_us < now_us ? now_us - c->oldest_us : 0;
        int64_t grows_us = c->keep_us > age_us ? c->keep_us - age_us : 0;
        sum += (double)forecast_bytes_per_day(c) * (double)(us < grows_us ? us : grows_us) /
               (double)DAY_US;
    }
    return sum;
}

int64_t forecast_full_us(const struct forecast_camera *cameras, size_t n, int64_t room_bytes,
                         int64_t now_us)
{
    if (room_bytes <= 0) {
        return now_us;
    }
    int64_t low = 0, high = HORIZON_US;
    if (growth(cameras, n, high, now_us) < (double)room_bytes) {
        return 0;
    }
    while (high - low > 1000000) {
        int64_t middle = low + (high - low) / 2;
        if (growth(cameras, n, middle, now_us) < (double)room_bytes) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return now_us + high;
}
