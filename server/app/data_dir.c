/* SPDX-License-Identifier: Apache-2.0 */
#include "app/data_dir.h"

#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkdir -p; folders that are there already stay as they are. */
static int make_folders(const char *path, mode_t mode)
{
    CLEANUP(mem_free_at) char *p = mem_str(path);
    for (char *slash = strchr(p + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(p, 0755) != 0 && errno != EEXIST) {
            return -errno;
        }
        *slash = '/';
    }
    return mkdir(p, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

static int own_folder(const char *path, const struct passwd *user)
{
    struct stat st;
    int r = make_folders(path, 0700);
    if (r != 0) {
        return r;
    }
    if (stat(path, &st) != 0) {
        return -errno;
    }
    /* A folder that belongs to somebody else than root was put there on purpose. */
    return st.st_uid != 0 || chown(path, user->pw_uid, user->pw_gid) == 0 ? 0 : -errno;
}

static int become(const struct passwd *user)
{
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
        return -errno;
    }
    ALWAYS(user->pw_uid == 0 || setuid(0) != 0); /* there is no way back */
    return 0;
}

int data_dir_become_owner(const struct config *c, char *reason, size_t size)
{
    if (geteuid() != 0) {
        return 0;
    }
    const struct passwd *user = getpwnam(c->run_as);
    if (user == NULL || user->pw_uid == 0) {
        snprintf(
            reason, size,
            "Started as root, but the user '%s' to become does not exist or is root: create it "
            "(adduser --system --group %s) or name another with DOORWARD_RUN_AS.",
            c->run_as, c->run_as);
        return -ENOENT;
    }
    int r = own_folder(c->data_dir, user);
    if (r != 0) {
        snprintf(reason, size, "Cannot make or own the data folder %s: %s.", c->data_dir,
                 strerrordesc_np(-r));
        return r;
    }
    r = become(user);
    if (r != 0) {
        snprintf(reason, size, "Cannot become the user '%s': %s.", c->run_as, strerrordesc_np(-r));
    }
    return r;
}

int data_dir_make(const struct config *c, char *reason, size_t size)
{
    static const char *const inner[] = {"", "/keys", "/tls"};
    for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
        CLEANUP(mem_free_at) char *path = mem_printf("%s%s", c->data_dir, inner[i]);
        int r = make_folders(path, 0700);
        r = r == 0 && access(path, W_OK | X_OK) != 0 ? -errno : r;
        if (r != 0) {
            snprintf(reason, size, "Cannot use the folder %s: %s.", path, strerrordesc_np(-r));
            return r;
        }
    }
    return 0;
}

int data_dir_lock(const struct config *c, int *ret_fd, char *reason, size_t size)
{
    CLEANUP(mem_free_at) char *path = mem_printf("%s/lock", c->data_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        int r = -errno;
        snprintf(reason, size, "Cannot open %s: %s.", path, strerrordesc_np(-r));
        return r;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int r = errno == EWOULDBLOCK ? DATA_DIR_E_LOCKED : -errno;
        snprintf(reason, size, "Another doorward is running on %s.", c->data_dir);
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}
