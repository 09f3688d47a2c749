/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the strict second look at a request head. libmicrohttpd 0.9.75 parses leniently and in
 * place: what it leaves in its buffer is the head with line ends, colons and blanks turned into
 * NULs. From that every byte the sender wrote can be accounted for; a byte that does not fit (bare
 * LF, embedded NUL, folded line, blank before a colon, doubled framing headers) makes the head
 * unacceptable. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { HEAD_FIELDS_MAX = 100, HEAD_BYTES_MAX = 24 * 1024, HEAD_TARGET_MAX = 8 * 1024 };

struct head_field {
    const char *name, *value;
};

struct head {
    struct head_field fields[HEAD_FIELDS_MAX];
    unsigned n_fields;
    bool http_1_0;
    bool chunked;
    bool expects_continue;
    uint64_t content_length; /* 0 when there is none */
};

enum { HEAD_E_BAD = 1, HEAD_E_TOO_LARGE };
/* raw: n bytes from the method on, as libmicrohttpd left them (modified: trailing blanks of values
 * are cut). method_len and target_len: as sent. On 0 the fields point into raw. *ret_why is a
 * sentence for the client when the result is HEAD_E_BAD. */
int head_check(char *raw, size_t n, size_t method_len, size_t target_len, struct head *ret_head,
               const char **ret_why) MUST_CHECK;
const char *head_value(const struct head *h, const char *name);

#endif
