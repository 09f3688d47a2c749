/* SPDX-License-Identifier: Apache-2.0 */
/* When was it filmed? What the camera says, its own clock if it shows that, and when it came. Pure.
 * A camera's clock may be wrong by years (none kept through a power cut, set by hand): its offset
 * is kept, and footage is filed where it belongs as far as anything tells. */
#ifndef INGEST_FOOTAGE_TIME_H
#define INGEST_FOOTAGE_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct footage_told {
    int64_t started_us;    /* first picture, by the camera's clock; 0: not told */
    int64_t camera_now_us; /* that clock when it sent the request (Date); 0: not told */
    int64_t arrived_us;    /* our clock then */
};
struct footage_time {
    int64_t start_us; /* UTC of the first picture; 0: by arrival */
    bool has_offset;
    int64_t offset_us; /* the camera's clock minus ours */
};
/* The start is what was told, less the clock's offset if the clock was shown to be wrong. A start
 * that cannot be right - later than now, or before there were such cameras - is left to the
 * arrival. */
struct footage_time footage_time_of(const struct footage_told *t);
/* It came long after it was over: the camera had been offline. ended_us: its last picture. */
bool footage_is_late(int64_t ended_us, int64_t arrived_us);

#endif
