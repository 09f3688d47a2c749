/* SPDX-License-Identifier: Apache-2.0 */
/* Ask the running server, through the operator's listener, whether its loops turn: for container
 * health checks, where no other client is at hand. */
#include "cmd/cmd.h"
#include "config/config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMEOUT_S = 5 };

static int connect_to(const char *host, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    bool is_v6 = inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;
    bool any = host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    is_v6 = is_v6 && !any;
    if (!is_v6 && inet_pton(AF_INET, any ? "127.0.0.1" : host, &v4.sin_addr) != 1) {
        return -1;
    }
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = {.tv_sec = TIMEOUT_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    int r = is_v6 ? connect(fd, (struct sockaddr *)&v6, sizeof(v6))
                  : connect(fd, (struct sockaddr *)&v4, sizeof(v4));
    if (r != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool says_ok(int fd)
{
    static const char request[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[64] = "";
    return write(fd, request, sizeof(request) - 1) == (ssize_t)sizeof(request) - 1 &&
           read(fd, answer, sizeof(answer) - 1) > 12 && memcmp(answer, "HTTP/1.1 200", 12) == 0;
}

int cmd_healthcheck(const struct cmd *c, int argc, char **argv)
{
    char host[CONFIG_HOST_SIZE] = "";
    uint16_t port = 0;
    if (config_address_parse(c->config->metrics_listen, host, &port) != 0) {
        fprintf(stderr, "doorward: healthcheck needs DOORWARD_METRICS_LISTEN\n");
        return CMD_USAGE;
    }
    int fd = connect_to(host, port);
    bool ok = fd >= 0 && says_ok(fd);
    if (fd >= 0) {
        close(fd);
    }
    printf("%s\n", ok ? "ok" : "not healthy");
    return ok ? CMD_OK : CMD_FAILED;
}
