/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL itself refuses to start while a process has the number in its lock file - in a
 * container that is soon some other process. All of PostgreSQL's processes work in the data folder
 * (their cwd), so the kernel is asked and no number believed. */
#include "db/cluster_leftover.h"

#include "base/clock.h"
#include "db/cluster.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAST_MS = 20000, IMMEDIATE_MS = 8000, KILL_MS = 3000, TICK_MS = 50 };

static void read_proc(long pid, const char *what, char target[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/%ld/%s", pid, what);
    ssize_t n = readlink(link, target, PATH_MAX - 1);
    target[n > 0 ? n : 0] = '\0';
}

/* A process of PostgreSQL, and not somebody's shell that stands in the folder. */
static bool works_in(long pid, const char *folder)
{
    char target[PATH_MAX];
    read_proc(pid, "cwd", target);
    if (strcmp(target, folder) != 0) {
        return false;
    }
    read_proc(pid, "exe", target);
    const char *name = strrchr(target, '/');
    return name != NULL && strncmp(name, "/postgres", strlen("/postgres")) == 0;
}

/* The postmaster that the lock file names, when it works in the folder; 0 otherwise. */
static pid_t find_postmaster(const char *folder)
{
    CLEANUP(mem_free_at) char *path = mem_printf("%s/postmaster.pid", folder);
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 1 && works_in(pid, folder) ? (pid_t)pid : 0;
}

/* Send each process that works in the folder a signal (0: none); how many there are. */
static unsigned signal_workers(const char *folder, int sig)
{
    unsigned n = 0;
    DIR *d = opendir("/proc");
    struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        long pid = strtol(e->d_name, NULL, 10);
        if (pid > 1 && pid != getpid() && works_in(pid, folder)) {
            n++;
            kill((pid_t)pid, sig);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    return n;
}

static bool empty_within(const char *folder, uint64_t ms)
{
    uint64_t end = clock_mono_ms() + ms;
    while (signal_workers(folder, 0) > 0) {
        if (clock_mono_ms() > end) {
            return false;
        }
        usleep(TICK_MS * 1000);
    }
    return true;
}

static bool end_all(const char *folder, const struct log *log)
{
    static const struct {
        int signal;
        uint64_t ms;
    } ways[] = {{SIGINT, FAST_MS}, {SIGQUIT, IMMEDIATE_MS}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        pid_t pid = find_postmaster(folder);
        if (pid != 0) {
            log_warn(log, "cluster_left_behind", F_INT("pid", pid),
                     F_INT("signal", ways[i].signal));
            kill(pid, ways[i].signal);
        }
        if (empty_within(folder, ways[i].ms)) {
            return true;
        }
    }
    signal_workers(folder, SIGKILL);
    return empty_within(folder, KILL_MS);
}

int cluster_take_over(const char *data, const char *socket_folder, const struct log *log,
                      char *reason, size_t size)
{
    char folder[PATH_MAX];
    if (realpath(data, folder) == NULL) {
        snprintf(reason, size, "cannot find %s", data);
        return CLUSTER_E_FAILED;
    }
    if (signal_workers(folder, 0) > 0 && !end_all(folder, log)) {
        snprintf(reason, size, "another PostgreSQL on %s does not end", data);
        return CLUSTER_E_FAILED;
    }
    CLEANUP(mem_free_at) char *lock = mem_printf("%s/postmaster.pid", folder);
    CLEANUP(mem_free_at) char *socket_lock = mem_printf("%s/.s.PGSQL.5432.lock", socket_folder);
    unlink(lock);
    unlink(socket_lock);
    return 0;
}
