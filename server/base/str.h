/* SPDX-License-Identifier: Apache-2.0 */
/* Checked parsing of small text. All parsers take the whole string or fail; no locale, no leading
 * blanks. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, at most max. -EINVAL, or -ERANGE when larger than max. */
int str_parse_u64(const char *s, uint64_t max, uint64_t *ret_value) MUST_CHECK;
bool str_prefix(const char *s, const char *prefix);
bool str_suffix(const char *s, const char *suffix);
/* ASCII case-insensitive equality. */
bool str_same(const char *a, const char *b);
/* True if s is well-formed UTF-8 without control characters other than tab and newline. */
bool str_is_text(const char *s, size_t n);
/* Lower-case hex. out holds 2n+1 bytes. */
void str_hex(const uint8_t *p, size_t n, char *out);
/* Exactly n bytes from 2n hex digits, either case. -EINVAL otherwise. */
int str_unhex(const char *s, size_t n, uint8_t *ret_bytes) MUST_CHECK;

#endif
