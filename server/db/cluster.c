/* SPDX-License-Identifier: Apache-2.0 */
/* The postmaster is a direct child in a session of its own (a Ctrl-C in the terminal is for us, we
 * stop it after our last statement) that gets SIGINT, its fast shutdown, when we die. If we were
 * killed and it still runs, or shuts down, the next start ends it first: two servers never share a
 * folder. initdb works beside and the result is renamed, so a folder is whole or absent. */
#include "db/cluster.h"

#include "base/clock.h"
#include "db/cluster_leftover.h"
#include "db/cluster_place.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READY_MS = 60000,
    FAST_MS = 20000,     /* then immediate: crash recovery will do the rest */
    IMMEDIATE_MS = 8000, /* then SIGKILL */
    TICK_MS = 50,
    LOOK_MS = 250,
    BACK_OFF_FIRST_MS = 500,
    BACK_OFF_MAX_MS = 30000,
    STEADY_MS = 60000 /* a run that long forgets earlier deaths */

};

struct cluster {
    const struct log *log;
    char *data, *programs, *socket_folder, *url, *start_log;
    pid_t pid; /* 0: not running */
    uint64_t started_ms, back_off_ms;
    struct timer *timer; /* once supervised */
};

static void nap(void)
{
    usleep(TICK_MS * 1000);
}

/* ---- child programs ---- */

static void child_set_up(const char *out_path, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &plain, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != parent) {
        _exit(127); /* died before prctl() */
    }
    int in = open("/dev/null", O_RDONLY);
    int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(127);
    }
    close_range(3, ~0U, 0);
    umask(077);
}

/* Only async-signal-safe calls after the fork: other threads may run. */
static pid_t start_program(const char *const *argv, const char *out_path)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_set_up(out_path, parent);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

/* The last line a failed start wrote. */
static void last_line(const char *path, char *out, size_t size)
{
    char text[2048] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);
        off_t from = end > (off_t)sizeof(text) - 1 ? end - (off_t)sizeof(text) + 1 : 0;
        ssize_t n = pread(fd, text, sizeof(text) - 1, from);
        text[n > 0 ? n : 0] = '\0';
        close(fd);
    }
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '\n') {
        text[--n] = '\0';
    }
    const char *line = strrchr(text, '\n');
    snprintf(out, size, "%s", line != NULL ? line + 1 : text);
}

/* ---- a folder for the first time ---- */

static int write_settings(const char *data)
{
    CLEANUP(mem_free_at) char *path = mem_printf("%s/postgresql.conf", data);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    static const char text[] = "\n# Of the first start; yours to tune. What must hold is given on "
                               "the command line.\n"
                               "max_connections = 200\n"
                               "shared_buffers = 128MB\n"
                               "max_wal_size = 1GB\n"
                               "checkpoint_timeout = 15min\n"
                               "wal_compression = on\n"
                               "random_page_cost = 1.1\n"
                               "jit = off\n"
                               "timezone = 'UTC'\n"
                               "log_timezone = 'UTC'\n";
    ssize_t n = write(fd, text, sizeof(text) - 1);
    int rc = n == (ssize_t)sizeof(text) - 1 && fsync(fd) == 0 ? 0 : -EIO;
    close(fd);
    return rc;
}

/* What an initdb that was killed left behind: a folder that never was a cluster. */
static void put_aside(const char *fresh)
{
    CLEANUP(mem_free_at)
    char *aside = mem_printf("%s.%llx", fresh, (unsigned long long)clock_now_us());
    rename(fresh, aside);
}

static int make_data(struct cluster *c, char *reason, size_t size)
{
    CLEANUP(mem_free_at) char *fresh = mem_printf("%s.new", c->data);
    CLEANUP(mem_free_at) char *initdb = mem_printf("%s/initdb", c->programs);
    put_aside(fresh);
    const char *const argv[] = {initdb,        "-D",         fresh,
                                "-U",          "doorward",   "-E",
                                "UTF8",        "--locale=C", "--auth-local",
                                "trust", /* the socket's folder is ours alone */
                                "--auth-host", "reject",     "--data-checksums",
                                NULL};
    int status = 0;
    pid_t pid = start_program(argv, c->start_log);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        char line[256];
        last_line(c->start_log, line, sizeof(line));
        snprintf(reason, size, "initdb failed: %s", line);
        return CLUSTER_E_FAILED;
    }
    if (write_settings(fresh) != 0 || rename(fresh, c->data) != 0) {
        snprintf(reason, size, "cannot finish %s: %s", c->data, log_errno_text(-errno));
        return CLUSTER_E_FAILED;
    }
    log_info(c->log, "cluster_created", F_STR("folder", c->data));
    return 0;
}

/* ---- running ---- */

static void start_postmaster(struct cluster *c)
{
    CLEANUP(mem_free_at) char *postgres = mem_printf("%s/postgres", c->programs);
    CLEANUP(mem_free_at) char *sockets = mem_printf("unix_socket_directories=%s", c->socket_folder);
    const char *const argv[] = {postgres,
                                "-D",
                                c->data,
                                "-c",
                                sockets,
                                "-c",
                                "port=5432",
                                "-c",
                                "listen_addresses=",
                                "-c",
                                "unix_socket_permissions=0700",
                                "-c",
                                "fsync=on",
                                "-c",
                                "full_page_writes=on",
                                "-c",
                                "synchronous_commit=on",
                                "-c",
                                "logging_collector=on",
                                "-c",
                                "log_directory=log",
                                "-c",
                                "log_filename=postgresql-%a.log",
                                "-c",
                                "log_truncate_on_rotation=on",
                                "-c",
                                "log_rotation_age=1d",
                                "-c",
                                "log_error_verbosity=terse",
                                "-c",
                                "log_min_error_statement=panic", /* parameters are private */
                                NULL};
    pid_t pid = start_program(argv, c->start_log);
    c->pid = pid > 0 ? pid : 0; /* no process now: the next look tries again */
    c->started_ms = clock_mono_ms();
}

static bool has_exited(struct cluster *c, int *ret_status)
{
    if (c->pid != 0 && waitpid(c->pid, ret_status, WNOHANG) == c->pid) {
        c->pid = 0;
        return true;
    }
    return false;
}

static int wait_until_ready(struct cluster *c, char *reason, size_t size)
{
    uint64_t end = clock_mono_ms() + READY_MS;
    char line[256];
    int status;
    while (PQping(c->url) != PQPING_OK) {
        if (c->pid == 0 || has_exited(c, &status)) {
            last_line(c->start_log, line, sizeof(line));
            snprintf(reason, size, "PostgreSQL did not start (see %s/log): %s", c->data, line);
            return CLUSTER_E_FAILED;
        }
        if (clock_mono_ms() > end) {
            snprintf(reason, size, "PostgreSQL was not ready within %d s (see %s/log)",
                     READY_MS / 1000, c->data);
            return CLUSTER_E_FAILED;
        }
        nap();
    }
    return 0;
}

static int find_programs(struct cluster *c, char *reason, size_t size)
{
    unsigned major = cluster_data_major(c->data);
    c->programs = cluster_find_programs(major);
    if (c->programs != NULL) {
        return 0;
    }
    CLEANUP(mem_free_at) char *other = cluster_find_programs(0);
    if (other == NULL) {
        snprintf(reason, size,
                 "PostgreSQL is not installed (postgres and initdb: in PATH or in the "
                 "places of the distributions)");
        return CLUSTER_E_NO_BINARIES;
    }
    snprintf(reason, size, "%s was made by PostgreSQL %u, installed is %u", c->data, major,
             cluster_program_major(other));
    return CLUSTER_E_VERSION;
}

static int start(struct cluster *c, const char *dir, char *reason, size_t size)
{
    if (geteuid() == 0) {
        snprintf(reason, size, "PostgreSQL does not run as root: run the server as another user");
        return CLUSTER_E_FAILED;
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        snprintf(reason, size, "cannot make %s: %s", dir, log_errno_text(-errno));
        return CLUSTER_E_FAILED;
    }
    int rc = find_programs(c, reason, size);
    if (rc == 0 && cluster_socket_folder(dir, &c->socket_folder, reason, size) != 0) {
        rc = CLUSTER_E_FAILED;
    }
    if (rc == 0 && cluster_data_major(c->data) == 0) {
        rc = make_data(c, reason, size);
    }
    if (rc == 0) {
        rc = cluster_take_over(c->data, c->socket_folder, c->log, reason, size);
    }
    if (rc == 0) {
        c->url = cluster_make_url(c->socket_folder);
        start_postmaster(c);
        rc = wait_until_ready(c, reason, size);
    }
    return rc;
}

int cluster_start(const char *dir, const struct log *log, struct cluster **ret_cluster,
                  char *reason, size_t size)
{
    struct cluster *c = mem_new(struct cluster);
    c->log = log;
    c->data = mem_printf("%s/data", dir);
    c->start_log = mem_printf("%s/start.log", dir);
    c->back_off_ms = BACK_OFF_FIRST_MS;
    int rc = start(c, dir, reason, size);
    if (rc != 0) {
        cluster_stop(c);
        return rc;
    }
    log_info(log, "cluster_started", F_INT("pid", c->pid), F_STR("folder", c->data),
             F_INT("took_ms", clock_mono_ms() - c->started_ms));
    *ret_cluster = c;
    return 0;
}

const char *cluster_url(const struct cluster *c)
{
    return c->url;
}

/* ---- supervising ---- */

static void on_death(struct cluster *c, int status)
{
    if (clock_mono_ms() - c->started_ms > STEADY_MS) {
        c->back_off_ms = BACK_OFF_FIRST_MS;
    }
    log_error(c->log, "cluster_died", F_INT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
              F_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
              F_INT("again_in_ms", c->back_off_ms));
    timer_set(c->timer, c->back_off_ms);
    c->back_off_ms = 2 * c->back_off_ms < BACK_OFF_MAX_MS ? 2 * c->back_off_ms : BACK_OFF_MAX_MS;
}

static void on_look(void *arg)
{
    struct cluster *c = arg;
    int status = 0;
    if (c->pid == 0) {
        start_postmaster(c);
        log_info(c->log, "cluster_restarted", F_INT("pid", c->pid));
    } else if (has_exited(c, &status)) {
        on_death(c, status);
        return;
    }
    timer_set(c->timer, LOOK_MS);
}

void cluster_supervise(struct cluster *c, struct loop *l)
{
    ALWAYS(c->timer == NULL);
    c->timer = timer_create_on(l, on_look, c);
    timer_set(c->timer, LOOK_MS);
}

static bool exited_within(struct cluster *c, uint64_t ms)
{
    uint64_t end = clock_mono_ms() + ms;
    int status;
    while (c->pid != 0 && !has_exited(c, &status) && clock_mono_ms() < end) {
        nap();
    }
    return c->pid == 0;
}

static void end_postmaster(struct cluster *c)
{
    if (c->pid == 0) {
        return;
    }
    kill(c->pid, SIGINT);
    if (exited_within(c, FAST_MS)) {
        log_info(c->log, "cluster_stopped");
        return;
    }
    log_warn(c->log, "cluster_stop_slow");
    kill(c->pid, SIGQUIT);
    if (!exited_within(c, IMMEDIATE_MS)) {
        kill(c->pid, SIGKILL);
        exited_within(c, 1000);
    }
}

struct cluster *cluster_stop(struct cluster *c)
{
    if (c == NULL) {
        return NULL;
    }
    c->timer = timer_destroy(c->timer);
    end_postmaster(c);
    free(c->data);
    free(c->programs);
    free(c->socket_folder);
    free(c->url);
    free(c->start_log);
    free(c);
    return NULL;
}
