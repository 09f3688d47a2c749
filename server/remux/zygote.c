/* SPDX-License-Identifier: Apache-2.0 */
/* The process is watched by libuv's child handle, its socket by a watch. When it dies, its children
 * die with it (they asked the kernel for that), so each job sees the end of its own channel and
 * needs no word from here. */
#include "remux/zygote.h"

#include "metrics/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RETRY_FIRST_MS = 50, SPAWN_AGAIN_MAX = 5, RETRY_MAX_MS = 5000 };

struct zygote {
    struct loop *loop;
    char *path;
    uv_process_t *process; /* own heap object: libuv keeps it until it is closed */
    int fd;
    struct watch *watch;
    struct timer *retry;
    uint64_t retry_ms;
    uint32_t last_job;
};

static void process_closed(uv_handle_t *h)
{
    free(h);
}

static void forget_process(struct zygote *z)
{
    z->watch = watch_destroy(z->watch);
    if (z->fd >= 0) {
        close(z->fd);
        z->fd = -1;
    }
    if (z->process != NULL) {
        z->process->data = NULL;
        uv_close((uv_handle_t *)z->process, process_closed);
        z->process = NULL;
    }
}

static void process_exited(uv_process_t *p, int64_t code, int sig)
{
    struct zygote *z = p->data;
    if (z == NULL) {
        return;
    }
    log_error(loop_log(z->loop), "remux_zygote_died", F_INT("code", code), F_INT("signal", sig));
    metric_add(METRIC_REMUX_RESTARTS, 1);
    forget_process(z);
    timer_set(z->retry, z->retry_ms);
    z->retry_ms = z->retry_ms * 2 < RETRY_MAX_MS ? z->retry_ms * 2 : RETRY_MAX_MS;
}

/* A child that was killed by a signal is worth a line: SIGSYS is a broken-in parser, SIGKILL is us
 * or a limit. */
static void child_exited(struct zygote *z, const struct zygote_message *m)
{
    int status = m->wait_status;
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0) {
        log_warn(loop_log(z->loop), "remux_child_died", F_INT("job", m->job),
                 F_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
                 F_INT("code", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
    }
}

static void socket_readable(void *arg, int events)
{
    struct zygote *z = arg;
    struct zygote_message m;
    for (;;) {
        ssize_t n = recv(z->fd, &m, sizeof(m), MSG_DONTWAIT);
        if (n == (ssize_t)sizeof(m) && m.type == ZYGOTE_EXITED) {
            child_exited(z, &m);
        } else if (n == (ssize_t)sizeof(m) && m.type == ZYGOTE_READY) {
            z->retry_ms = RETRY_FIRST_MS;
        } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else { /* gone or talking nonsense: its exit is reported by libuv */
            watch_set(z->watch, 0);
            kill(z->process->pid, SIGKILL);
            return;
        }
    }
}

static int spawn_once(struct zygote *z)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        return -errno;
    }
    uv_stdio_container_t stdio[PROTOCOL_ZYGOTE_FD + 1] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = pair[1]},
    };
    char *args[] = {z->path, NULL};
    /* Nothing of ours, secrets least of all. Symbols are bound before the first job, not in each.
     */
    char bind_now[] = "LD_BIND_NOW=1", *env[] = {bind_now, NULL};
    uv_process_options_t options = {.file = z->path,
                                    .args = args,
                                    .env = env,
                                    .exit_cb = process_exited,
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_LEN(stdio)};
    z->process = mem_new(uv_process_t);
    z->process->data = z;
    int r = uv_spawn(loop_uv(z->loop), z->process, &options);
    close(pair[1]);
    z->fd = pair[0];
    if (r < 0) {
        forget_process(z);
        return r;
    }
    z->watch = watch_create(z->loop, z->fd, socket_readable, z);
    watch_set(z->watch, UV_READABLE);
    return 0;
}

/* dup2(2): EBUSY when another thread is in the middle of an open(); seen at start, once in many. */
static int spawn(struct zygote *z)
{
    int r = spawn_once(z);
    for (int again = 0; r == -EBUSY && again < SPAWN_AGAIN_MAX; again++) {
        r = spawn_once(z);
    }
    return r;
}

static void respawn(void *arg)
{
    struct zygote *z = arg;
    int r = spawn(z);
    if (r < 0) {
        log_error(loop_log(z->loop), "remux_zygote_not_started", F_ERR(r));
        timer_set(z->retry, RETRY_MAX_MS);
    }
}

int zygote_create(struct loop *loop, const char *worker_path, struct zygote **ret_zygote)
{
    struct zygote *z = mem_new(struct zygote);
    *z = (struct zygote){
        .loop = loop, .path = mem_str(worker_path), .fd = -1, .retry_ms = RETRY_FIRST_MS};
    z->retry = timer_create_on(loop, respawn, z);
    int r = spawn(z);
    if (r < 0) {
        zygote_destroy(z);
        return r;
    }
    *ret_zygote = z;
    return 0;
}

static int send_message(struct zygote *z, const struct zygote_message *m, const int *fds, size_t n)
{
    struct iovec iov = {.iov_base = mem_dup(m, sizeof(*m)), .iov_len = sizeof(*m)};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * ZYGOTE_START_FDS)];
    } control = {0};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n > 0) {
        h.msg_control = control.bytes;
        h.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    }
    ssize_t r = sendmsg(z->fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
    int e = r < 0 ? -errno : 0;
    free(iov.iov_base);
    return e;
}

int zygote_start(struct zygote *z, const struct job_order *order, const int fds[ZYGOTE_START_FDS],
                 uint32_t *ret_job)
{
    if (z->fd < 0) {
        return -EAGAIN;
    }
    struct zygote_message m = {.type = ZYGOTE_START, .job = z->last_job + 1, .order = *order};
    int r = send_message(z, &m, fds, ZYGOTE_START_FDS);
    if (r < 0) {
        return r == -EPIPE ? -EAGAIN : r; /* it has just died: another one is on its way */
    }
    *ret_job = ++z->last_job;
    return 0;
}

bool zygote_running(const struct zygote *z)
{
    return z->fd >= 0;
}

void zygote_kill(struct zygote *z, uint32_t job)
{
    if (z->fd < 0) {
        return;
    }
    struct zygote_message m = {.type = ZYGOTE_KILL, .job = job};
    if (send_message(z, &m, NULL, 0) < 0) { /* it does not listen: better none than a deaf one */
        kill(z->process->pid, SIGKILL);
    }
}

struct zygote *zygote_destroy(struct zygote *z)
{
    if (z == NULL) {
        return NULL;
    }
    if (z->process != NULL) {
        pid_t pid = z->process->pid;
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        forget_process(z);
    }
    timer_destroy(z->retry);
    free(z->path);
    free(z);
    return NULL;
}
