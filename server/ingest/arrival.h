/* SPDX-License-Identifier: Apache-2.0 */
/* Two clocks: media time, which the camera counts, against the server's clock at arrival. Media
 * cannot arrive before it was filmed, and what comes with the least delay tells best: so the
 * smallest difference seen is when media zero was. Pure; costs nothing per part. */
#ifndef INGEST_ARRIVAL_H
#define INGEST_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

struct arrival { /* zeroed: nothing seen */
    bool any;
    int64_t since_us, last_us;
    int64_t least_us;             /* of all */
    int64_t early_us;             /* of the first window */
    int64_t late_us;              /* of the last whole window */
    int64_t window_us, opened_us; /* of the window under way */
    unsigned windows;             /* whole ones */
};
/* Media up to end_90k (from media zero) was there at now_us. */
void arrival_add(struct arrival *a, int64_t now_us, int64_t end_90k);
/* UTC of media zero by the server's clock, as far as known. */
int64_t arrival_zero_us(const struct arrival *a);
/* How much later than at the beginning media arrives now: > 0 when the camera paused or its clock
 * is slow, < 0 when media runs ahead (a file, or a fast clock). 0 while unknown. */
int64_t arrival_lag_us(const struct arrival *a);
/* What media time gains on the server's clock, in 1e-9. False: too short to tell, or so much that
 * it is no clock's drift. */
bool arrival_drift_ppb(const struct arrival *a, int32_t *ret_ppb);

#endif
