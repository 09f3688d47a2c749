/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/footage_time.h"

#include "base/clock.h"

static const int64_t LATE_US = 5ll * 60 * CLOCK_US;
static const int64_t AHEAD_US = 5ll * 60 * CLOCK_US;
static const int64_t WRONG_US = 60ll * CLOCK_US; /* a clock that far off is not believed */
static const int64_t FIRST_CAMERA_US = 1577836800ll * CLOCK_US; /* 2020-01-01 */

static bool is_possible(int64_t start_us, int64_t arrived_us)
{
    return start_us >= FIRST_CAMERA_US && start_us <= arrived_us + AHEAD_US;
}

struct footage_time footage_time_of(const struct footage_told *t)
{
    struct footage_time f = {.start_us = t->started_us};
    if (t->camera_now_us != 0) {
        f.has_offset = true;
        f.offset_us = t->camera_now_us - t->arrived_us;
        bool wrong = f.offset_us > WRONG_US || f.offset_us < -WRONG_US;
        f.start_us -= wrong && t->started_us != 0 ? f.offset_us : 0;
    }
    if (!is_possible(f.start_us, t->arrived_us)) {
        f.start_us = 0;
    }
    return f;
}

bool footage_is_late(int64_t ended_us, int64_t arrived_us)
{
    return arrived_us - ended_us > LATE_US;
}
