/* SPDX-License-Identifier: Apache-2.0 */
/* Sync the bytes, move the name, sync the folder. A sync that failed is never tried again: the
 * kernel may have dropped the very pages it could not write and would then report success. */
#include "storage/fs/fs.h"

#include "base/crash_point.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int bytes_sync(int fd, uint64_t size)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return fs_error(errno);
    }
    uint64_t more = (uint64_t)st.st_size - size;
    if ((uint64_t)st.st_size < size || more >= STORE_STAGE_BLOCK) {
        return STORE_E_SHORT;
    }
    if (more > 0 && ftruncate(fd, (off_t)size) != 0) {
        return fs_error(errno);
    }
    crash_point("store_put_before_fsync");
    if (fdatasync(fd) != 0) {
        return fs_error(errno);
    }
    crash_point("store_put_after_fsync");
    return 0;
}

/* Never over an object that is there. */
static int name_move(struct fs *f, const char *staged, const char *key)
{
    int leaf CLEANUP(fd_close_at) = fs_leaf_open(f, key, true);
    if (leaf < 0) {
        /* "not found" would be a lie about the object: here it is the store that is not right */
        return leaf == -ENOENT ? STORE_E_UNAVAILABLE : fs_error(-leaf);
    }
    if (renameat2(f->staging, staged, leaf, fs_leaf_name(key), RENAME_NOREPLACE) != 0) {
        return errno == ENOENT ? STORE_E_UNAVAILABLE : fs_error(errno);
    }
    crash_point("store_put_after_rename");
    if (fsync(leaf) != 0) {
        int r = fs_error(errno);
        unlinkat(leaf, fs_leaf_name(key), 0); /* its fate is unknown: nobody was told it is there */
        return r;
    }
    crash_point("store_put_after_folder_fsync");
    return 0;
}

int fs_put(struct store_driver *d, int fd, void *token, const char *key, uint64_t size)
{
    struct fs *f = fs_of(d);
    int r = bytes_sync(fd, size);
    r = r != 0 ? r : name_move(f, token, key);
    if (r != 0) {
        unlinkat(f->staging, token, 0);
    }
    close(fd);
    free(token);
    return r;
}
