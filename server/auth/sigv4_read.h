/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of sigv4: small readers that reading and verifying share. */
#ifndef AUTH_SIGV4_READ_H
#define AUTH_SIGV4_READ_H

#include "auth/sigv4.h"

struct sigv4_arg {
    const char *name, *value; /* still encoded */
    size_t name_len, value_len;
};
/* Walk "a=1&b": *at is advanced to the '&' or the end. Empty arguments are skipped. */
bool sigv4_next_arg(const char **at, struct sigv4_arg *ret_arg);
bool sigv4_arg_is(const struct sigv4_arg *a, const char *name);
/* %XX to bytes, anything else as it is; out holds n + 1 bytes and is ended with a NUL. */
size_t sigv4_unescape(const char *s, size_t n, char *out);
/* ASCII case-insensitive: a whole header name against n bytes. */
bool sigv4_same_name(const char *whole, const char *name, size_t n);

#endif
