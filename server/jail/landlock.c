/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's interface grew by versions; the header of the build machine may be older than the
 * kernel that runs this, so the structure and the masks per version are written out here. */
#include "jail/landlock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* from version 4 */
    uint64_t scoped;             /* from version 6 */
};

enum { CREATE_RULESET_VERSION = 1 };

static uint64_t fs_mask(int version)
{
    /* v1: 13 rights; v2 adds REFER, v3 TRUNCATE, v5 IOCTL_DEV */
    unsigned bits = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;
    return (UINT64_C(1) << bits) - 1;
}

int landlock_deny_all(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (version < 1) {
        return version < 0 ? -errno : -EOPNOTSUPP;
    }
    struct ruleset_attr attr = {
        .handled_access_fs = fs_mask((int)version),
        .handled_access_net = version >= 4 ? 3 : 0, /* bind, connect */
        .scoped = version >= 6 ? 3 : 0,             /* abstract unix sockets, signals */
    };
    size_t size = version >= 6   ? sizeof(attr)
                  : version >= 4 ? 2 * sizeof(uint64_t)
                                 : sizeof(uint64_t);
    long fd = syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    return fd < 0 ? -errno : (int)fd;
}

int landlock_enter(int ruleset_fd)
{
    return syscall(SYS_landlock_restrict_self, ruleset_fd, 0) == 0 ? 0 : -errno;
}
