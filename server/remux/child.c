/* SPDX-License-Identifier: Apache-2.0 */
/* Input is gathered into pieces of 64 KiB before it goes down the pipe: uploads arrive in 16 KiB
 * records, and every write wakes the child. What must stay true: `closed` fires once, from the
 * loop, never from inside a call of the owner. */
#include "remux/child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPE_BYTES = 256 * 1024, READ_BYTES = 16 * 1024 };

struct child {
    struct child_params p;
    uint32_t job;
    int input_fd, channel_fd; /* input -1: ended or broken */
    struct watch *input_watch, *channel_watch;
    struct timer *watchdog, *late; /* late: says closed() in a turn of its own */
    struct buf gather, in;
    uint64_t input_bytes, progress_ms;
    enum stream_end how;
    bool wants_room, ending, closed, hung;
};

static void finish_closed(void *arg)
{
    struct child *c = arg;
    if (!c->closed) {
        c->closed = true;
        c->p.closed(c->p.arg);
    }
}

/* Let go of both ends; the owner hears of it later. */
static void shut(struct child *c)
{
    c->input_watch = watch_destroy(c->input_watch);
    c->channel_watch = watch_destroy(c->channel_watch);
    if (c->input_fd >= 0) {
        close(c->input_fd);
        c->input_fd = -1;
    }
    if (c->channel_fd >= 0) {
        close(c->channel_fd);
        c->channel_fd = -1;
        zygote_kill(c->p.zygote, c->job);
    }
    timer_stop(c->watchdog);
    timer_set(c->late, 0);
}

void child_kill(struct child *c)
{
    if (c->channel_fd >= 0) {
        shut(c);
    }
}

/* ---- watchdog: only while the child owes us something ---- */

static bool child_owes(const struct child *c)
{
    return c->wants_room || c->ending;
}

static void watchdog_fired(void *arg)
{
    struct child *c = arg;
    uint64_t now = clock_mono_ms(), quiet = now - c->progress_ms;
    if (!child_owes(c)) {
        c->progress_ms = now;
        quiet = 0;
    }
    if (quiet >= c->p.stall_ms) {
        c->hung = true;
        shut(c);
        return;
    }
    timer_set(c->watchdog, c->p.stall_ms - quiet);
}

static void made_progress(struct child *c)
{
    c->progress_ms = clock_mono_ms();
}

/* ---- input ---- */

static void close_input(struct child *c)
{
    c->input_watch = watch_destroy(c->input_watch);
    close(c->input_fd);
    c->input_fd = -1;
}

/* The end is said on the channel first, so that the child knows what the end of the pipe means. One
 * that is done already does not listen; what it said still waits to be read. */
static void say_end(struct child *c)
{
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(16);
    channel_format(&frame, CHANNEL_END, &(uint8_t){(uint8_t)c->how}, 1);
    (void)!child_send(c, &frame, NULL, 0);
    close_input(c);
}

/* Write what is gathered. A pipe whose reader is gone swallows everything: the channel tells why.
 */
static void flush_input(struct child *c)
{
    while (c->gather.len > 0 && c->input_fd >= 0) {
        ssize_t n = write(c->input_fd, c->gather.data, c->gather.len);
        if (n > 0) {
            buf_consume(&c->gather, (size_t)n);
            made_progress(c);
        } else if (errno == EAGAIN) {
            watch_set(c->input_watch, UV_WRITABLE);
            return;
        } else if (errno != EINTR) {
            buf_clear(&c->gather);
            close_input(c);
        }
    }
    if (c->input_fd < 0) {
        buf_clear(&c->gather);
        return;
    }
    watch_set(c->input_watch, 0);
    if (c->ending) {
        say_end(c);
    }
}

static void input_writable(void *arg, int events)
{
    struct child *c = arg;
    flush_input(c);
    if (c->wants_room && c->gather.len < CHILD_GATHER_BYTES && !c->ending) {
        c->wants_room = false;
        c->p.room(c->p.arg);
    }
}

size_t child_push(struct child *c, const uint8_t *p, size_t n)
{
    size_t taken = 0;
    if (c->input_fd < 0) { /* nobody reads any more: run past */
        return n;
    }
    while (taken < n) {
        if (c->gather.len == CHILD_GATHER_BYTES) {
            flush_input(c);
        }
        if (c->gather.len == CHILD_GATHER_BYTES) {
            c->wants_room = true;
            break;
        }
        size_t room = CHILD_GATHER_BYTES - c->gather.len;
        size_t take = n - taken < room ? n - taken : room;
        buf_append(&c->gather, p + taken, take);
        taken += take;
    }
    c->input_bytes += taken;
    if (c->p.prompt && !c->wants_room) { /* else the pipe says when: do not disarm that */
        flush_input(c);
    }
    return taken;
}

void child_end_input(struct child *c, enum stream_end how)
{
    c->ending = true;
    c->wants_room = false;
    c->how = how;
    made_progress(c);
    if (c->input_fd >= 0) {
        flush_input(c);
    }
}

/* ---- channel ---- */

int child_send(struct child *c, const struct buf *frame, const int *fds, size_t n_fds)
{
    struct iovec iov = {.iov_base = frame->data, .iov_len = frame->len};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
    } control = {0};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
    ALWAYS(n_fds <= CHANNEL_FDS_MAX);
    if (n_fds > 0) {
        h.msg_control = control.bytes;
        h.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *m = CMSG_FIRSTHDR(&h);
        m->cmsg_level = SOL_SOCKET;
        m->cmsg_type = SCM_RIGHTS;
        m->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(m), fds, n_fds * sizeof(int));
    }
    if (c->channel_fd < 0) {
        return -EPIPE;
    }
    ssize_t n = sendmsg(c->channel_fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == (ssize_t)frame->len ? 0 : n < 0 ? -errno : -EPIPE;
}

/* Hand over every whole frame. The owner may kill the child while at it. */
static void deliver_frames(struct child *c)
{
    size_t used = 0;
    while (c->channel_fd >= 0) {
        struct channel_frame f;
        ssize_t n = channel_parse(c->in.data + used, c->in.len - used, &f);
        if (n == 0) {
            break;
        }
        made_progress(c);
        if (n < 0 || c->p.frame(c->p.arg, &f) != 0) {
            shut(c);
            return;
        }
        used += (size_t)n;
    }
    buf_consume(&c->in, used);
}

static void channel_readable(void *arg, int events)
{
    struct child *c = arg;
    while (c->channel_fd >= 0) {
        uint8_t *room = buf_room(&c->in, READ_BYTES);
        ssize_t n = room == NULL ? 0 : read(c->channel_fd, room, READ_BYTES);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n <= 0) {
            shut(c);
            return;
        }
        c->in.len += (size_t)n;
        deliver_frames(c);
    }
}

/* ---- life ---- */

struct ends {
    int pipe[2], channel[2];
};

static void close_ends(struct ends *e)
{
    fd_close_at(&e->pipe[0]);
    fd_close_at(&e->pipe[1]);
    fd_close_at(&e->channel[0]);
    fd_close_at(&e->channel[1]);
}

static int open_ends(struct ends *e)
{
    *e = (struct ends){{-1, -1}, {-1, -1}};
    if (pipe2(e->pipe, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->channel) < 0 ||
        fcntl(e->pipe[1], F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(e->channel[0], F_SETFL, O_NONBLOCK) < 0) {
        int r = -errno;
        close_ends(e);
        return r;
    }
    /* Beyond the user's pipe quota the kernel refuses: slower then, not wrong. */
    (void)fcntl(e->pipe[1], F_SETPIPE_SZ, PIPE_BYTES);
    return 0;
}

int child_begin(const struct child_params *p, struct child **ret_child)
{
    struct ends e;
    int r = open_ends(&e);
    if (r < 0) {
        return r;
    }
    uint32_t job;
    r = zygote_start(p->zygote, &p->order, (int[]){e.pipe[0], e.channel[1]}, &job);
    if (r < 0) {
        close_ends(&e);
        return r;
    }
    close(e.pipe[0]);
    close(e.channel[1]);
    struct child *c = mem_new(struct child);
    *c = (struct child){.p = *p,
                        .job = job,
                        .input_fd = e.pipe[1],
                        .channel_fd = e.channel[0],
                        .gather = BUF_INIT(CHILD_GATHER_BYTES),
                        .in = BUF_INIT(CHANNEL_FRAME_MAX + 2 * READ_BYTES)};
    c->input_watch = watch_create(p->loop, c->input_fd, input_writable, c);
    c->channel_watch = watch_create(p->loop, c->channel_fd, channel_readable, c);
    watch_set(c->channel_watch, UV_READABLE);
    c->late = timer_create_on(p->loop, finish_closed, c);
    c->watchdog = timer_create_on(p->loop, watchdog_fired, c);
    made_progress(c);
    timer_set(c->watchdog, p->stall_ms);
    *ret_child = c;
    return 0;
}

bool child_hung(const struct child *c)
{
    return c->hung;
}

uint64_t child_input_bytes(const struct child *c)
{
    return c->input_bytes;
}

struct child *child_destroy(struct child *c)
{
    if (c == NULL) {
        return NULL;
    }
    child_kill(c);
    timer_destroy(c->watchdog);
    timer_destroy(c->late);
    buf_finish(&c->gather);
    buf_finish(&c->in);
    free(c);
    return NULL;
}
