/* SPDX-License-Identifier: Apache-2.0 */
/* Lingering close. An answer given before the body was read would be lost if the socket were closed
 * with unread bytes: the kernel then resets the connection, and the client may never see the
 * answer. So a duplicate of the socket stays open, half closed, and what still arrives is thrown
 * away by the kernel, undecrypted, until the client closes or the limits are reached. */
#include "http/state.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINGERS_MAX = 256, LINGER_MS = 30000, LINGER_IDLE_MS = 3000, LINGER_BYTES = 256 << 20 };

struct straggler {
    struct list node;
    struct http_server *server;
    struct watch *watch;
    int fd;
    uint64_t since_ms, last_ms, bytes;
};

static void linger_end(struct straggler *l)
{
    l->server->n_lingers--;
    list_remove(&l->node);
    watch_destroy(l->watch);
    close(l->fd);
    free(l);
}

static void discard(void *arg, int events)
{
    struct straggler *l = arg;
    for (int i = 0; i < 8; i++) {
        /* MSG_TRUNC on TCP: count, do not copy. Not recv(): sanitizers believe that it writes. */
        ssize_t n =
            syscall(SYS_recvfrom, l->fd, NULL, 1 << 20, MSG_TRUNC | MSG_DONTWAIT, NULL, NULL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n <= 0) {
            linger_end(l);
            return;
        }
        l->last_ms = clock_mono_ms();
        l->bytes += (size_t)n;
    }
}

void linger_begin(struct http_server *s, int fd)
{
    int copy = s->n_lingers < LINGERS_MAX ? dup(fd) : -1;
    if (copy < 0) {
        return;
    }
    shutdown(copy, SHUT_WR);
    struct straggler *l = mem_new(struct straggler);
    l->server = s;
    l->fd = copy;
    l->since_ms = l->last_ms = clock_mono_ms();
    l->watch = watch_create(s->loop, copy, discard, l);
    watch_set(l->watch, UV_READABLE);
    list_append(&s->lingers, &l->node);
    s->n_lingers++;
}

void linger_sweep(struct http_server *s, uint64_t now_ms)
{
    list_for_each_safe (n, &s->lingers) {
        struct straggler *l = CONTAINER_OF(n, struct straggler, node);
        if (now_ms >= l->since_ms + LINGER_MS || now_ms >= l->last_ms + LINGER_IDLE_MS ||
            l->bytes > LINGER_BYTES) {
            linger_end(l);
        }
    }
}

void linger_finish(struct http_server *s)
{
    list_for_each_safe (n, &s->lingers) {
        linger_end(CONTAINER_OF(n, struct straggler, node));
    }
}
