/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a filesystem is left alone: what the operator set, else (0) 5 % of it, at most 1 GiB
 * - so that the database beside us, logs and deleting itself still work. */
#ifndef STORAGE_LOW_WATER_H
#define STORAGE_LOW_WATER_H

#include <stdint.h>
#include <sys/statvfs.h>

static inline uint64_t low_water(uint64_t set_bytes, const struct statvfs *v)
{
    uint64_t share = (uint64_t)v->f_blocks * v->f_frsize / 20, most = UINT64_C(1) << 30;
    return set_bytes > 0 ? set_bytes : share < most ? share : most;
}

#endif
