/* SPDX-License-Identifier: Apache-2.0 */
/* doorward-remux: the zygote. It warms the libraries up, prepares the jail, and then only forks,
 * kills and reaps as the server says; it never touches media itself. When the server goes, its
 * socket ends; children with an endless body then have a few seconds to put what they hold into
 * their journal, and the zygote ends, and with it every child. */
#include "jail/jail.h"
#include "remux/worker/job.h"
#include "remux/worker/lean.h"
#include "remux/worker/warm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN_MAX = 4096, EXIT_USAGE = 2, EXIT_JAIL = 4 };
enum { MEMORY_BYTES = 512 << 20, CPU_S = 1800, FILES = 24 };
/* An endless body may run for months; one file of it is a segment or its journal. */
enum { LIVE_CPU_S = 30 * 86400, LIVE_FILE_BYTES = 1 << 30, FAREWELL_MS = 5000 };

struct zygote {
    struct jail *jail;
    int reap_fd, null_fd;
    bool orphaned;
    size_t n_children;
    struct {
        pid_t pid;
        uint32_t job;
        bool live;
    } children[CHILDREN_MAX];
};

static void reap(struct zygote *z);

static uint64_t mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool live_left(const struct zygote *z)
{
    for (size_t i = 0; i < z->n_children; i++) {
        if (z->children[i].live) {
            return true;
        }
    }
    return false;
}

/* The server is gone. Their parent's end ends the children that are left. */
static void farewell(struct zygote *z) NORETURN;
static void farewell(struct zygote *z)
{
    uint64_t until = mono_ms() + FAREWELL_MS;
    z->orphaned = true;
    for (size_t i = 0; i < z->n_children; i++) {
        if (!z->children[i].live) {
            kill(z->children[i].pid, SIGKILL);
        }
    }
    for (uint64_t now; live_left(z) && (now = mono_ms()) < until;) {
        struct pollfd fd = {.fd = z->reap_fd, .events = POLLIN};
        if (poll(&fd, 1, (int)(until - now)) > 0) {
            reap(z);
        }
    }
    _exit(0);
}

static void say(struct zygote *z, const struct zygote_message *m)
{
    while (!z->orphaned && send(PROTOCOL_ZYGOTE_FD, m, sizeof(*m), MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            farewell(z);
        }
    }
}

static void run_child(struct zygote *z, const struct job_order *order, int fds[ZYGOTE_START_FDS])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(z->null_fd, STDERR_FILENO); /* nothing a jailed process says goes into the server's log */
    close(z->null_fd);
    close(z->reap_fd);
    close(PROTOCOL_ZYGOTE_FD);
    struct jail_limits limits = {.memory_bytes = MEMORY_BYTES,
                                 .file_bytes = order->live ? LIVE_FILE_BYTES
                                                           : order->output_max_bytes + (1 << 20),
                                 .cpu_s = order->live ? LIVE_CPU_S : CPU_S,
                                 .files = FILES};
    if (jail_enter(z->jail, &limits) < 0) {
        _exit(EXIT_JAIL);
    }
    job_run(order, fds[0], fds[1]);
    _exit(0);
}

static void start(struct zygote *z, const struct zygote_message *m, int fds[ZYGOTE_START_FDS])
{
    /* Libraries that the child does not have want to be told of a fork(). */
    pid_t pid = z->n_children < CHILDREN_MAX ? _Fork() : -1;
    if (pid == 0) {
        run_child(z, &m->order, fds);
    }
    if (pid > 0) {
        z->children[z->n_children].pid = pid;
        z->children[z->n_children].live = m->order.live;
        z->children[z->n_children++].job = m->job;
    } /* else the closed channel tells the server */
}

static void kill_job(struct zygote *z, uint32_t job)
{
    for (size_t i = 0; i < z->n_children; i++) {
        if (z->children[i].job == job) {
            kill(z->children[i].pid, SIGKILL);
        }
    }
}

static void reap(struct zygote *z)
{
    struct signalfd_siginfo info;
    (void)!read(z->reap_fd, &info, sizeof(info));
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (size_t i = 0; i < z->n_children; i++) {
            if (z->children[i].pid == pid) {
                uint32_t job = z->children[i].job;
                z->children[i] = z->children[--z->n_children];
                say(z, &(struct zygote_message){
                           .type = ZYGOTE_EXITED, .job = job, .wait_status = status});
                break;
            }
        }
    }
}

static void obey(struct zygote *z)
{
    struct zygote_message m;
    struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * ZYGOTE_START_FDS)];
    } control;
    struct msghdr h = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    ssize_t n = recvmsg(PROTOCOL_ZYGOTE_FD, &h, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) {
        return;
    }
    if (n != (ssize_t)sizeof(m)) {
        farewell(z);
    }
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    if (m.type == ZYGOTE_KILL) {
        kill_job(z, m.job);
    } else if (c != NULL && c->cmsg_len == CMSG_LEN(sizeof(int) * ZYGOTE_START_FDS)) {
        int fds[ZYGOTE_START_FDS];
        memcpy(fds, CMSG_DATA(c), sizeof(fds));
        start(z, &m, fds);
        close(fds[0]);
        close(fds[1]);
    }
}

static int open_reaper(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL); /* a file at its limit is a write error */
    sigaction(SIGPIPE, &ignore, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(void)
{
    static struct zygote z;
    int type = 0;
    socklen_t n = sizeof(type);
    if (getsockopt(PROTOCOL_ZYGOTE_FD, SOL_SOCKET, SO_TYPE, &type, &n) < 0 ||
        type != SOCK_SEQPACKET) {
        static const char text[] = "doorward-remux is started by the doorward server.\n";
        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        return EXIT_USAGE;
    }
    fcntl(PROTOCOL_ZYGOTE_FD, F_SETFD, FD_CLOEXEC);
    z.reap_fd = open_reaper();
    z.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (z.reap_fd < 0 || z.null_fd < 0 || jail_prepare(&z.jail) < 0) {
        return EXIT_JAIL;
    }
    warm_libraries();
    lean_children();
    say(&z, &(struct zygote_message){.type = ZYGOTE_READY});
    for (;;) {
        struct pollfd fds[] = {{.fd = PROTOCOL_ZYGOTE_FD, .events = POLLIN},
                               {.fd = z.reap_fd, .events = POLLIN}};
        if (poll(fds, ARRAY_LEN(fds), -1) > 0) {
            if (fds[1].revents != 0) {
                reap(&z);
            }
            if (fds[0].revents != 0) {
                obey(&z);
            }
        }
    }
}
