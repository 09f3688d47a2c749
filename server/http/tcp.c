/* SPDX-License-Identifier: Apache-2.0 */
/* Alone in a file because the kernel's tcp_info (glibc's is older) excludes <netinet/tcp.h>. */
#include "http/tcp.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

uint64_t tcp_acked_bytes(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_bytes_acked : 0;
}

void tcp_hold_little(int fd, int bytes)
{
    /* It only helps: where it fails, more is held. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}
