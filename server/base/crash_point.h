/* SPDX-License-Identifier: Apache-2.0 */
/* Named places where a test build can be made to die: crash_point("name") kills the process there,
 * as by power or the OOM killer, when the environment says DOORWARD_FAULT_AT=name, or name:N for
 * the N-th time it is reached. Nothing at all in an ordinary build (meson option fault_points). Any
 * thread. */
#ifndef BASE_CRASH_POINT_H
#define BASE_CRASH_POINT_H

#ifdef DOORWARD_FAULT_POINTS
void crash_point(const char *name);
#else
static inline void crash_point(const char *name)
{
}
#endif

#endif
