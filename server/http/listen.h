/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets that the loops of one process share by address reuse, and nobody else. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/status.h"

/* host: numeric, or NULL = any address of both families. port 0: any; *ret_port is the real one.
 * -EADDRINUSE when another process has the port. */
int listen_open(const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port) MUST_CHECK;
/* Forget the port. The descriptor is the caller's (or libmicrohttpd's) to close. */
void listen_forget(uint16_t port);

#endif
