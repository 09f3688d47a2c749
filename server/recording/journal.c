/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_MODE = 0700, FILE_MODE = 0600 };

struct journal_ref {
    _Atomic unsigned refs;
    int fd, dir_fd;
    struct seal_params seal;
    _Atomic bool named; /* the directory was synced since it was made */
};

static int sync_parent(int dir_fd)
{
    int up CLEANUP(fd_close_at) = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return up < 0 || fsync(up) < 0 ? -errno : 0;
}

static int open_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT) {
        return fd < 0 ? -errno : fd;
    }
    if (mkdir(dir, DIR_MODE) < 0 && errno != EEXIST) {
        return -errno;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 ? -errno : sync_parent(fd);
    if (r < 0) {
        fd_close_at(&fd);
        return r;
    }
    return fd;
}

static struct journal_ref *journal_new(int dir_fd, int fd, const struct seal_params *seal)
{
    struct journal_ref *j = mem_new(struct journal_ref);
    j->refs = 1;
    j->fd = fd;
    j->dir_fd = dir_fd;
    j->seal = *seal;
    return j;
}

int journal_create(const char *dir, const struct seal_params *seal,
                   struct journal_ref **ret_journal)
{
    char name[ID_TEXT_SIZE];
    id_format(&seal->object, name);
    int dir_fd = open_dir(dir);
    if (dir_fd < 0) {
        return dir_fd;
    }
    int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, FILE_MODE);
    int r = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    if (r < 0) {
        fd_close_at(&fd);
        close(dir_fd);
        return r;
    }
    *ret_journal = journal_new(dir_fd, fd, seal);
    return 0;
}

int journal_open(const char *dir, const struct seal_params *seal, struct journal_ref **ret_journal)
{
    char name[ID_TEXT_SIZE];
    id_format(&seal->object, name);
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = dir_fd < 0 ? -1 : openat(dir_fd, name, O_RDWR | O_CLOEXEC);
    int r = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    if (r < 0) {
        fd_close_at(&fd);
        fd_close_at(&dir_fd);
        return r == -EWOULDBLOCK ? -EBUSY : r;
    }
    *ret_journal = journal_new(dir_fd, fd, seal);
    return 0;
}

struct journal_ref *journal_ref_take(struct journal_ref *j)
{
    atomic_fetch_add_explicit(&j->refs, 1, memory_order_relaxed);
    return j;
}

struct journal_ref *journal_ref_drop(struct journal_ref *j)
{
    if (j != NULL && atomic_fetch_sub_explicit(&j->refs, 1, memory_order_acq_rel) == 1) {
        close(j->fd);
        close(j->dir_fd);
        secret_wipe(j, sizeof *j);
        free(j);
    }
    return NULL;
}

int journal_fd(const struct journal_ref *j)
{
    return j->fd;
}

int journal_sync(struct journal_ref *j)
{
    if (fdatasync(j->fd) < 0) {
        return -errno;
    }
    if (!j->named) {
        if (fsync(j->dir_fd) < 0) {
            return -errno;
        }
        j->named = true;
    }
    return 0;
}

void journal_unlock(struct journal_ref *j)
{
    (void)flock(j->fd, LOCK_UN);
}

void journal_remove(struct journal_ref *j)
{
    char name[ID_TEXT_SIZE];
    id_format(&j->seal.object, name);
    (void)unlinkat(j->dir_fd, name, 0); /* what stays is found by the next start */
}

/* ---- reading ---- */

static int read_exactly(int fd, uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t got = pread(fd, p, n, (off_t)at);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return got == 0 ? -EBADMSG : -errno;
        }
        size_t step = got > 0 ? (size_t)got : 0;
        p += step;
        n -= step;
        at += step;
    }
    return 0;
}

bool journal_next(struct journal_ref *j, uint64_t *offset, uint8_t **ret_p, size_t *ret_n)
{
    uint8_t size[JOURNAL_SIZE_BYTES];
    ssize_t n =
        read_exactly(j->fd, size, sizeof size, *offset) == 0 ? journal_record_size(size) : -1;
    if (n < 0) {
        return false;
    }
    size_t whole = (size_t)n + JOURNAL_EXTRA;
    uint8_t *p = mem_alloc(whole, 1);
    if (read_exactly(j->fd, p, whole, *offset) != 0 ||
        journal_record_open(&j->seal, *offset, p, whole) != n) {
        free(p);
        return false;
    }
    *offset += whole;
    *ret_p = p;
    *ret_n = (size_t)n;
    return true;
}

/* ---- tidying ---- */

static bool is_needed(const char *name, const struct id *needed, size_t n)
{
    struct id object;
    if (id_parse(name, &object) != 0) {
        return true; /* not ours */
    }
    for (size_t i = 0; i < n; i++) {
        if (id_equal(&needed[i], &object)) {
            return true;
        }
    }
    return false;
}

static bool remove_if_idle(int dir_fd, const char *name)
{
    int fd CLEANUP(fd_close_at) = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir_fd, name, 0) == 0;
}

int journal_tidy(const char *dir, const struct id *needed, size_t n, unsigned *ret_removed)
{
    DIR *d = opendir(dir);
    if (d == NULL) {
        return errno == ENOENT ? 0 : -errno;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (!is_needed(e->d_name, needed, n) && remove_if_idle(dirfd(d), e->d_name)) {
            ++*ret_removed;
        }
    }
    closedir(d);
    return 0;
}

/* ---- reading a part ---- */

struct read_op {
    struct journal_ref *journal;
    uint64_t offset;
    uint32_t bytes;
    int status;
    uint8_t *p;
    journal_read_fn *done;
    void *arg;
};

static void read_work(void *arg)
{
    struct read_op *op = arg;
    size_t n = (size_t)op->bytes + JOURNAL_EXTRA;
    if (op->bytes == 0 || op->bytes > JOURNAL_PLAIN_MAX) {
        op->status = -EINVAL;
        return;
    }
    op->p = mem_alloc(n, 1);
    op->status = read_exactly(op->journal->fd, op->p, n, op->offset);
    if (op->status == 0 &&
        journal_record_open(&op->journal->seal, op->offset, op->p, n) != op->bytes) {
        op->status = -EBADMSG;
    }
}

static void read_done(void *arg)
{
    struct read_op *op = arg;
    if (op->status != 0) {
        free(op->p);
        op->p = NULL;
    }
    journal_ref_drop(op->journal);
    op->done(op->arg, op->status, op->p, op->status == 0 ? op->bytes : 0);
    free(op);
}

void journal_read(struct loop *loop, struct journal_ref *j, uint64_t offset, uint32_t bytes,
                  journal_read_fn *done, void *arg)
{
    struct read_op *op = mem_new(struct read_op);
    *op = (struct read_op){
        .journal = journal_ref_take(j), .offset = offset, .bytes = bytes, .done = done, .arg = arg};
    loop_offload(loop, read_work, read_done, op);
}
