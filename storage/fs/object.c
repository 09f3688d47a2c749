/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/fs/fs.h"

#include "base/crash_point.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int fs_get(struct store_driver *d, const char *key, uint64_t offset, uint8_t *p, size_t n)
{
    int fd CLEANUP(fd_close_at) = openat(fs_of(d)->root, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return fs_error(errno);
    }
    while (n > 0) {
        ssize_t got = pread(fd, p, n, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 ? STORE_E_SHORT : fs_error(errno);
        }
        p += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

int fs_stat(struct store_driver *d, const char *key, uint64_t *ret_size)
{
    struct stat st;
    if (fstatat(fs_of(d)->root, key, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return fs_error(errno);
    }
    *ret_size = (uint64_t)st.st_size;
    return 0;
}

int fs_delete(struct store_driver *d, const char *key)
{
    int leaf CLEANUP(fd_close_at) = fs_leaf_open(fs_of(d), key, false);
    if (leaf < 0) {
        return leaf == -ENOENT ? 0 : fs_error(-leaf);
    }
    crash_point("store_delete_before_unlink");
    if (unlinkat(leaf, fs_leaf_name(key), 0) != 0 && errno != ENOENT) {
        return fs_error(errno);
    }
    crash_point("store_delete_after_unlink");
    /* Also when it was gone already: an earlier delete may have died before this. */
    int r = fsync(leaf) != 0 ? fs_error(errno) : 0;
    crash_point("store_delete_after_folder_fsync");
    return r;
}
