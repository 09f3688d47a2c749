/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/arrival.h"

#include "base/clock.h"

enum { WINDOW_US = 60 * CLOCK_US, DRIFT_WINDOWS = 10, DRIFT_MAX_PPB = 1000 * 1000 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void arrival_add(struct arrival *a, int64_t now_us, int64_t end_90k)
{
    int64_t zero = now_us - end_90k * CLOCK_US / CLOCK_90K;
    if (!a->any) {
        *a = (struct arrival){.any = true,
                              .since_us = now_us,
                              .least_us = zero,
                              .early_us = zero,
                              .late_us = zero,
                              .window_us = zero,
                              .opened_us = now_us};
    }
    if (now_us - a->opened_us >= WINDOW_US) {
        a->late_us = a->window_us;
        a->windows++;
        a->window_us = zero;
        a->opened_us = now_us;
    }
    a->window_us = smaller(a->window_us, zero);
    a->least_us = smaller(a->least_us, zero);
    a->early_us = a->windows == 0 ? a->window_us : a->early_us;
    a->last_us = now_us;
}

int64_t arrival_zero_us(const struct arrival *a)
{
    return a->early_us;
}

int64_t arrival_lag_us(const struct arrival *a)
{
    return a->windows > 0 ? a->late_us - a->early_us : 0;
}

bool arrival_drift_ppb(const struct arrival *a, int32_t *ret_ppb)
{
    if (a->windows < DRIFT_WINDOWS) {
        return false;
    }
    int64_t elapsed_ms = (a->last_us - a->since_us) / 1000;
    int64_t ppb = -arrival_lag_us(a) * 1000000 / elapsed_ms;
    if (ppb > DRIFT_MAX_PPB || ppb < -DRIFT_MAX_PPB) {
        return false;
    }
    *ret_ppb = (int32_t)ppb;
    return true;
}
