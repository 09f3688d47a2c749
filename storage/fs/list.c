/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the objects, and tidying what dead drivers left in staging. */
#include "storage/fs/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW };

static void dir_close_at(DIR **d)
{
    if (*d != NULL) {
        closedir(*d);
    }
}

static DIR *folder_read(int at, const char *path)
{
    int fd = openat(at, path, OPEN_FOLDER);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL && fd >= 0) {
        close(fd);
    }
    return d;
}

/* The next name that is not "." or ".."; NULL at the end (*ret_status 0) or on an error. */
static const char *folder_next(DIR *d, int *ret_status)
{
    struct dirent *e;
    do {
        errno = 0;
        e = readdir(d);
    } while (e != NULL && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0));
    if (e == NULL && errno != 0) {
        *ret_status = fs_error(errno);
    }
    return e != NULL ? e->d_name : NULL;
}

struct walk {
    int root;
    int (*each)(void *arg, const char *key, uint64_t size);
    void *arg;
};

/* depth: folders still to go down. Strange names are passed on: they are for the caller to judge.
 */
static int walk_folder(const struct walk *w, const char *path, int depth)
{
    DIR *d CLEANUP(dir_close_at) = folder_read(w->root, path);
    const char *name;
    int r = 0;
    if (d == NULL) {
        return errno == ENOENT ? 0 : fs_error(errno);
    }
    while (r == 0 && (name = folder_next(d, &r)) != NULL) {
        struct stat st;
        char *key CLEANUP(mem_free_at) = mem_printf("%s/%s", path, name);
        if (fstatat(w->root, key, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            r = errno == ENOENT ? 0 : fs_error(errno); /* deleted while we walk */
        } else if (S_ISDIR(st.st_mode) && depth > 0) {
            r = walk_folder(w, key, depth - 1);
        } else {
            r = w->each(w->arg, key, (uint64_t)st.st_size);
        }
    }
    return r;
}

int fs_list(struct store_driver *d, int (*each)(void *arg, const char *key, uint64_t size),
            void *arg)
{
    const struct walk w = {.root = fs_of(d)->root, .each = each, .arg = arg};
    return walk_folder(&w, "seg", 2);
}

/* Remove one staging folder unless its driver lives. */
static int leftover_remove(int staging_root, const char *name, unsigned *ret_removed)
{
    DIR *d CLEANUP(dir_close_at) = folder_read(staging_root, name);
    const char *file;
    int r = 0;
    if (d == NULL) {
        return errno == ENOENT ? 0 : fs_error(errno);
    }
    if (flock(dirfd(d), LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? 0 : fs_error(errno);
    }
    while (r == 0 && (file = folder_next(d, &r)) != NULL) {
        if (unlinkat(dirfd(d), file, 0) == 0) {
            (*ret_removed)++;
        } else if (errno != ENOENT) {
            r = fs_error(errno);
        }
    }
    if (r == 0 && unlinkat(staging_root, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        r = fs_error(errno);
    }
    return r;
}

int fs_recover(struct store_driver *d, unsigned *ret_removed)
{
    struct fs *f = fs_of(d);
    DIR *all CLEANUP(dir_close_at) = folder_read(f->root, "staging");
    const char *name;
    int r = 0;
    if (all == NULL) {
        return fs_error(errno);
    }
    while (r == 0 && (name = folder_next(all, &r)) != NULL) {
        r = leftover_remove(f->staging_root, name, ret_removed);
    }
    return r;
}
