/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: percent-encoding, query strings, cookies. libmicrohttpd's own decoding is switched off (it
 * cuts at %00), so what is decided here is what handlers see. */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include "base/status.h"

#include <stdbool.h>

enum { URI_SEGMENT_MAX = 255 };

/* Decode n bytes of s into out (at most n + 1 bytes, NUL-terminated). plus: '+' is a blank. Returns
 * the decoded length, or -EINVAL for a broken escape, a control character, or what is not UTF-8. */
ssize_t uri_decode(const char *s, size_t n, bool plus, char *out);
/* May these bytes be the value of a {name}: 1..URI_SEGMENT_MAX bytes after decoding, well formed,
 * no slash inside. */
bool uri_is_segment(const char *s, size_t n);
/* A request target we serve: "/..." of visible ASCII, decodable, and no "." or ".." segment even
 * after decoding. query: where "?" stands, or the end. */
bool uri_is_sane(const char *target, size_t *ret_path_len);

/* Walk "a=1&b=2": *at is advanced past one argument; name and value point into the string. False at
 * the end. Empty arguments are skipped. */
bool uri_next_arg(const char **at, const char **ret_name, size_t *ret_name_len,
                  const char **ret_value, size_t *ret_value_len);
/* Value of a cookie in one Cookie header: pointer into it, or NULL. */
const char *uri_cookie(const char *header, const char *name, size_t *ret_len);

#endif
