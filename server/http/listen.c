/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096 };

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

/* Sockets of this process on each port. Address reuse would let a second process of the same user
 * share a port without a word: the first socket of a process makes sure that nobody else is there.
 */
static atomic_uchar sockets_on[UINT16_MAX + 1];

static socklen_t size_of(const union address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof(a->six) : sizeof(a->four);
}

static uint16_t port_of(const union address *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->six.sin6_port : a->four.sin_port);
}

static int bind_to(const union address *a, bool shared, int *ret_fd)
{
    int one = 1, zero = 0;
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (a->any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
    }
    if ((shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0) ||
        bind(fd, &a->any, size_of(a)) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

static int open_at(const union address *a, int *ret_fd, uint16_t *ret_port)
{
    int fd;
    uint16_t port = port_of(a);
    if (port != 0 && sockets_on[port] == 0) {
        int r = bind_to(a, false, &fd);
        if (r < 0) {
            return r;
        }
        close(fd);
    }
    int r = bind_to(a, true, &fd);
    if (r < 0) {
        return r;
    }
    union address bound = {0};
    socklen_t len = sizeof(bound);
    ALWAYS(getsockname(fd, &bound.any, &len) == 0);
    *ret_port = port_of(&bound);
    sockets_on[*ret_port]++;
    *ret_fd = fd;
    return 0;
}

int listen_open(const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port)
{
    union address six = {.six = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    union address four = {.four = {.sin_family = AF_INET, .sin_port = htons(port)}};
    if (host == NULL) {
        int r = open_at(&six, ret_fd, ret_port);
        bool no_ipv6 = r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL;
        return no_ipv6 ? open_at(&four, ret_fd, ret_port) : r;
    }
    if (inet_pton(AF_INET, host, &four.four.sin_addr) == 1) {
        return open_at(&four, ret_fd, ret_port);
    }
    return inet_pton(AF_INET6, host, &six.six.sin6_addr) == 1 ? open_at(&six, ret_fd, ret_port)
                                                              : -EINVAL;
}

void listen_forget(uint16_t port)
{
    sockets_on[port]--;
}
