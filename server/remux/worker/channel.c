/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_ALONE = 3, ANSWER_MAX = CHANNEL_HEAD_SIZE + CHANNEL_OUTPUT_SIZE };

static void alone(struct channel *c)
{
    if (!c->live) {
        _exit(EXIT_ALONE);
    }
    c->lost = true;
}

void channel_send(struct channel *c, const struct buf *frame)
{
    ALWAYS(!frame->overflow);
    for (size_t sent = 0; sent < frame->len && !c->lost;) {
        ssize_t n = write(c->fd, frame->data + sent, frame->len - sent);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EINTR) {
            alone(c);
        }
    }
}

static void send_empty(struct channel *c, enum channel_type type)
{
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(CHANNEL_HEAD_SIZE);
    channel_format(&frame, type, NULL, 0);
    channel_send(c, &frame);
}

static void take_fds(struct msghdr *h, int fds[CHANNEL_FDS_MAX])
{
    struct cmsghdr *m = CMSG_FIRSTHDR(h);
    if (m != NULL && m->cmsg_type == SCM_RIGHTS) {
        size_t n = m->cmsg_len - CMSG_LEN(0);
        memcpy(fds, CMSG_DATA(m),
               n < CHANNEL_FDS_MAX * sizeof(int) ? n : CHANNEL_FDS_MAX * sizeof(int));
    }
}

/* Read n bytes; descriptors that come with them go to fds. False: the server is gone. */
static bool read_exactly(struct channel *c, uint8_t *p, size_t n, int fds[CHANNEL_FDS_MAX])
{
    while (n > 0 && !c->lost) {
        struct iovec iov = {.iov_base = p, .iov_len = n};
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
        } control;
        struct msghdr h = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof(control.bytes)};
        ssize_t got = recvmsg(c->fd, &h, MSG_CMSG_CLOEXEC);
        if (got > 0) {
            take_fds(&h, fds);
            p += got;
            n -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            alone(c);
        }
    }
    return !c->lost;
}

/* Wait for a frame of that type; END may come before any other. False: the server is gone. */
static bool await(struct channel *c, enum channel_type type, uint8_t bytes[ANSWER_MAX],
                  struct channel_frame *ret_frame, int fds[CHANNEL_FDS_MAX])
{
    for (;;) {
        fds[0] = fds[1] = -1;
        if (!read_exactly(c, bytes, CHANNEL_HEAD_SIZE, fds)) {
            return false;
        }
        size_t rest = ((size_t)bytes[2] << 8 | bytes[3]) - 1;
        if (rest > ANSWER_MAX - CHANNEL_HEAD_SIZE ||
            !read_exactly(c, bytes + CHANNEL_HEAD_SIZE, rest, fds) ||
            channel_parse(bytes, CHANNEL_HEAD_SIZE + rest, ret_frame) <= 0) {
            alone(c);
            return false;
        }
        if (ret_frame->type == CHANNEL_END && ret_frame->n == 1) {
            c->ended = true;
            c->how = (enum stream_end)ret_frame->p[0];
        }
        if (ret_frame->type == type) {
            return true;
        }
    }
}

bool channel_need_output(struct channel *c, struct channel_given *ret_given)
{
    uint8_t bytes[ANSWER_MAX];
    struct channel_frame f;
    int fds[CHANNEL_FDS_MAX];
    send_empty(c, CHANNEL_NEED_OUTPUT);
    if (!await(c, CHANNEL_OUTPUT, bytes, &f, fds)) {
        return false;
    }
    if (fds[0] < 0 || (c->live && fds[1] < 0) || channel_parse_output(&f, &ret_given->output) < 0) {
        _exit(EXIT_ALONE); /* no server of ours */
    }
    secret_wipe(bytes, sizeof(bytes));
    ret_given->fd = fds[0];
    ret_given->journal_fd = fds[1];
    return true;
}

int channel_need_spool(struct channel *c)
{
    uint8_t bytes[ANSWER_MAX];
    struct channel_frame f;
    int fds[CHANNEL_FDS_MAX];
    send_empty(c, CHANNEL_NEED_SPOOL);
    return await(c, CHANNEL_SPOOL, bytes, &f, fds) ? fds[0] : -1;
}

enum stream_end channel_await_end(struct channel *c)
{
    uint8_t bytes[ANSWER_MAX];
    struct channel_frame f;
    int fds[CHANNEL_FDS_MAX];
    if (!c->ended && !await(c, CHANNEL_END, bytes, &f, fds)) {
        return STREAM_BROKEN;
    }
    return c->how;
}
