/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_TCP_H
#define HTTP_TCP_H

#include <stdint.h>

/* Bytes the peer's TCP has confirmed so far; 0 when unknown. */
uint64_t tcp_acked_bytes(int fd);
/* Let the system hold at most so many bytes that are not on the wire yet. */
void tcp_hold_little(int fd, int bytes);

#endif
