/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crash_point.h"

#include "base/str.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

void crash_point(const char *name)
{
    static atomic_ulong reached;
    const char *at = getenv("DOORWARD_FAULT_AT");
    size_t n = strlen(name);
    uint64_t nth = 1;
    if (at == NULL || strncmp(at, name, n) != 0 || (at[n] != '\0' && at[n] != ':')) {
        return;
    }
    if (at[n] == ':' && str_parse_u64(at + n + 1, UINT32_MAX, &nth) != 0) {
        return;
    }
    if (atomic_fetch_add(&reached, 1) + 1 == nth) {
        kill(getpid(), SIGKILL);
    }
}
