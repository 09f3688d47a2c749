/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

int str_parse_u64(const char *s, uint64_t max, uint64_t *ret_value)
{
    uint64_t v = 0;
    if (*s == '\0') {
        return -EINVAL;
    }
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9') {
            return -EINVAL;
        }
        uint64_t digit = (uint64_t)(*s - '0');
        if (v > max / 10 || v * 10 > max - digit) {
            return -ERANGE;
        }
        v = v * 10 + digit;
    }
    *ret_value = v;
    return 0;
}

bool str_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_same(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

/* Length of the UTF-8 sequence at p (RFC 3629), or 0 when it is not one. */
static size_t utf8_length(const uint8_t *p, size_t n)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xe0) == 0xc0 ? 2
                 : (p[0] & 0xf0) == 0xe0 ? 3
                 : (p[0] & 0xf8) == 0xf0 ? 4
                                         : 0;
    if (len <= 1 || len > n) {
        return len <= n ? len : 0;
    }
    uint32_t cp = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        cp = cp << 6 | (p[i] & 0x3fu);
    }
    bool bad = cp < smallest[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff);
    return bad ? 0 : len;
}

bool str_is_text(const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *)s;
    while (n > 0) {
        size_t len = utf8_length(p, n);
        if (len == 0 || (p[0] < 0x20 && p[0] != '\n' && p[0] != '\t') || p[0] == 0x7f) {
            return false;
        }
        p += len;
        n -= len;
    }
    return true;
}

void str_hex(const uint8_t *p, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int str_unhex(const char *s, size_t n, uint8_t *ret_bytes)
{
    if (strlen(s) != 2 * n) {
        return -EINVAL;
    }
    for (size_t i = 0; i < 2 * n; i++) {
        if (hex_digit(s[i]) < 0) {
            return -EINVAL;
        }
    }
    for (size_t i = 0; i < n; i++) {
        ret_bytes[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]));
    }
    return 0;
}
