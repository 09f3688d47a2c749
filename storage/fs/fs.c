/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/fs/fs.h"

#include "storage/low_water.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW };

struct fs *fs_of(struct store_driver *d)
{
    return CONTAINER_OF(d, struct fs, driver);
}

int fs_error(int error)
{
    switch (error) {
    case ENOENT:
        return STORE_E_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STORE_E_FULL;
    case EEXIST:
        return STORE_E_EXISTS;
    default:
        return STORE_E_UNAVAILABLE;
    }
}

const char *fs_leaf_name(const char *key)
{
    return strrchr(key, '/') + 1;
}

/* The folder is there, and its name is durable: another process may have made it a moment ago and
 * not have synced it yet, so "it exists" is not enough. */
static int folder_make(int at, const char *path)
{
    char parent[STORE_KEY_SIZE];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    ALWAYS(slash != NULL);
    *slash = '\0';
    if (mkdirat(at, path, 0700) != 0 && errno != EEXIST) {
        return -errno;
    }
    int fd CLEANUP(fd_close_at) = openat(at, parent, OPEN_FOLDER);
    return fd < 0 || fsync(fd) != 0 ? -errno : 0;
}

static int leaf_make(struct fs *f, const char *leaf)
{
    char middle[STORE_KEY_SIZE];
    snprintf(middle, sizeof middle, "%.6s", leaf); /* "seg/XX" */
    int r = folder_make(f->root, middle);
    return r != 0 ? r : folder_make(f->root, leaf);
}

int fs_leaf_open(struct fs *f, const char *key, bool make)
{
    struct id object;
    char leaf[STORE_KEY_SIZE];
    ALWAYS(store_key_parse(key, &object) == 0);
    snprintf(leaf, sizeof leaf, "%.9s", key); /* "seg/XX/YY" */
    atomic_bool *durable = &f->durable[object.b[15]][object.b[14]];
    if (make && !atomic_load(durable)) {
        int r = leaf_make(f, leaf);
        if (r != 0) {
            return r;
        }
        atomic_store(durable, true);
    }
    int fd = openat(f->root, leaf, OPEN_FOLDER);
    if (fd < 0 && errno == ENOENT) {
        atomic_store(durable, false); /* somebody removed the folder: the next put makes it again */
        errno = ENOENT;
    }
    return fd >= 0 ? fd : -errno;
}

static int fs_room(struct store_driver *d, uint64_t *ret_bytes)
{
    struct fs *f = fs_of(d);
    struct statvfs v;
    if (fstatvfs(f->root, &v) != 0) {
        return fs_error(errno);
    }
    uint64_t have = (uint64_t)v.f_bavail * v.f_frsize, keep = low_water(f->low_water_bytes, &v);
    *ret_bytes = have > keep ? have - keep : 0;
    return 0;
}

static int fs_health(struct store_driver *d)
{
    struct fs *f = fs_of(d);
    struct statvfs v;
    if (fstatvfs(f->root, &v) != 0) {
        return fs_error(errno);
    }
    if (faccessat(f->staging, ".", W_OK | X_OK, 0) != 0) {
        return STORE_E_UNAVAILABLE;
    }
    bool bytes = (uint64_t)v.f_bavail * v.f_frsize >= low_water(f->low_water_bytes, &v);
    bool names = v.f_files == 0 || v.f_favail > 0; /* 0 files: a filesystem without such a limit */
    return bytes && names ? 0 : STORE_E_FULL;
}

static int fs_stage(struct store_driver *d, int *ret_fd, void **ret_token)
{
    struct fs *f = fs_of(d);
    struct id id = id_new();
    char name[ID_TEXT_SIZE];
    int r = fs_health(d);
    if (r != 0) {
        return r;
    }
    id_format(&id, name);
    int fd = openat(f->staging, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return errno == EMFILE || errno == ENFILE ? -EMFILE
               : errno == ENOENT                  ? STORE_E_UNAVAILABLE
                                                  : fs_error(errno);
    }
    *ret_fd = fd;
    *ret_token = mem_str(name);
    return 0;
}

static void fs_stage_drop(struct store_driver *d, int fd, void *token)
{
    unlinkat(fs_of(d)->staging, token, 0);
    close(fd);
    free(token);
}

static void fs_destroy(struct store_driver *d)
{
    struct fs *f = fs_of(d);
    if (f->staging >= 0) {
        unlinkat(f->staging_root, f->staging_name, AT_REMOVEDIR);
    }
    fd_close_at(&f->staging);
    fd_close_at(&f->staging_root);
    fd_close_at(&f->root);
    free(f);
}

static const struct store_driver_ops fs_ops = {
    .name = "fs",
    .stage = fs_stage,
    .stage_drop = fs_stage_drop,
    .put = fs_put,
    .get = fs_get,
    .stat = fs_stat,
    .delete = fs_delete,
    .list = fs_list,
    .health = fs_health,
    .destroy = fs_destroy,
    .recover = fs_recover,
    .room = fs_room,
};

static int subfolder_open(int at, const char *name, int *ret_fd)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST) {
        return -errno;
    }
    int fd = openat(at, name, OPEN_FOLDER);
    if (fd < 0) {
        return -errno;
    }
    *ret_fd = fd;
    return 0;
}

/* Our own staging folder, locked. Between making and locking it somebody who tidies up may take it
 * for a leftover: then try again under another name. */
static int staging_open(struct fs *f)
{
    for (int tries = 0; tries < 10; tries++) {
        struct id id = id_new();
        struct stat st;
        int fd = -1;
        id_format(&id, f->staging_name);
        int r = subfolder_open(f->staging_root, f->staging_name, &fd);
        if (r != 0) {
            return r;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0) {
            f->staging = fd;
            return 0;
        }
        close(fd);
    }
    return -EBUSY;
}

int store_fs_create(const char *dir, uint64_t low_water_bytes, struct store_driver **ret_driver)
{
    struct fs *f = mem_new(struct fs);
    int seg CLEANUP(fd_close_at) = -1, r = 0;
    f->driver.ops = &fs_ops;
    f->low_water_bytes = low_water_bytes;
    f->staging_root = f->staging = -1;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        r = -errno;
    }
    f->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = r == 0 && f->root < 0 ? -errno : r;
    r = r != 0 ? r : subfolder_open(f->root, "seg", &seg);
    r = r != 0 ? r : subfolder_open(f->root, "staging", &f->staging_root);
    r = r != 0 ? r : staging_open(f);
    if (r == 0 && fsync(f->root) != 0) {
        r = -errno;
    }
    if (r != 0) {
        fs_destroy(&f->driver);
        return r;
    }
    *ret_driver = &f->driver;
    return 0;
}
