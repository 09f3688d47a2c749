/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_ALONE = 3, ANSWER_MAX = CHANNEL_HEAD_SIZE + CHANNEL_OUTPUT_SIZE };

static void alone(void) NORETURN;
static void alone(void)
{
    _exit(EXIT_ALONE);
}

void channel_send(struct channel *c, const struct buf *frame)
{
    if (frame->overflow) {
        alone();
    }
    for (size_t sent = 0; sent < frame->len;) {
        ssize_t n = write(c->fd, frame->data + sent, frame->len - sent);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EINTR) {
            alone();
        }
    }
}

static void send_empty(struct channel *c, enum channel_type type)
{
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(CHANNEL_HEAD_SIZE);
    channel_format(&frame, type, NULL, 0);
    channel_send(c, &frame);
}

/* Read n bytes; a descriptor that comes with them goes to *fd. */
static void read_exactly(struct channel *c, uint8_t *p, size_t n, int *fd)
{
    while (n > 0) {
        struct iovec iov = {.iov_base = p, .iov_len = n};
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct msghdr h = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof(control.bytes)};
        ssize_t got = recvmsg(c->fd, &h, MSG_CMSG_CLOEXEC);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            alone();
        }
        struct cmsghdr *m = got > 0 ? CMSG_FIRSTHDR(&h) : NULL;
        if (m != NULL && m->cmsg_type == SCM_RIGHTS) {
            memcpy(fd, CMSG_DATA(m), sizeof(int));
        }
        p += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
}

/* Wait for a frame of that type; END may come before any other. */
static int await(struct channel *c, enum channel_type type, uint8_t bytes[ANSWER_MAX],
                 struct channel_frame *ret_frame)
{
    for (;;) {
        int fd = -1;
        read_exactly(c, bytes, CHANNEL_HEAD_SIZE, &fd);
        size_t rest = ((size_t)bytes[2] << 8 | bytes[3]) - 1;
        if (rest > ANSWER_MAX - CHANNEL_HEAD_SIZE) {
            alone();
        }
        read_exactly(c, bytes + CHANNEL_HEAD_SIZE, rest, &fd);
        if (channel_parse(bytes, CHANNEL_HEAD_SIZE + rest, ret_frame) <= 0) {
            alone();
        }
        if (ret_frame->type == CHANNEL_END && ret_frame->n == 1) {
            c->ended = true;
            c->how = (enum stream_end)ret_frame->p[0];
        }
        if (ret_frame->type == type) {
            return fd;
        }
    }
}

int channel_need_output(struct channel *c, struct seal_params *ret_seal)
{
    uint8_t bytes[ANSWER_MAX];
    struct channel_frame f;
    send_empty(c, CHANNEL_NEED_OUTPUT);
    int fd = await(c, CHANNEL_OUTPUT, bytes, &f);
    if (fd < 0 || channel_parse_output(&f, ret_seal) < 0) {
        alone();
    }
    secret_wipe(bytes, sizeof(bytes));
    return fd;
}

int channel_need_spool(struct channel *c)
{
    uint8_t bytes[ANSWER_MAX];
    struct channel_frame f;
    send_empty(c, CHANNEL_NEED_SPOOL);
    int fd = await(c, CHANNEL_SPOOL, bytes, &f);
    if (fd < 0) {
        alone();
    }
    return fd;
}

enum stream_end channel_await_end(struct channel *c)
{
    uint8_t bytes[ANSWER_MAX];
    struct channel_frame f;
    if (!c->ended) {
        await(c, CHANNEL_END, bytes, &f);
    }
    return c->how;
}
