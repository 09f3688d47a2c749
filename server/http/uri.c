/* SPDX-License-Identifier: Apache-2.0 */
#include "http/uri.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One decoded byte at s[*i], or -1. */
static int next_byte(const char *s, size_t n, bool plus, size_t *i)
{
    unsigned char c = (unsigned char)s[(*i)++];
    if (c == '%') {
        if (n - *i < 2 || hex(s[*i]) < 0 || hex(s[*i + 1]) < 0) {
            return -1;
        }
        c = (unsigned char)(hex(s[*i]) << 4 | hex(s[*i + 1]));
        *i += 2;
    } else if (c == '+' && plus) {
        c = ' ';
    }
    return c < 0x20 || c == 0x7f ? -1 : c;
}

ssize_t uri_decode(const char *s, size_t n, bool plus, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n;) {
        int c = next_byte(s, n, plus, &i);
        if (c < 0) {
            return -EINVAL;
        }
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return str_is_text(out, len) ? (ssize_t)len : -EINVAL;
}

bool uri_is_segment(const char *s, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; len++) {
        int c = next_byte(s, n, false, &i);
        if (c < 0 || c == '/' || len == URI_SEGMENT_MAX) {
            return false;
        }
    }
    return len > 0;
}

/* "." and ".." between slashes, in a decoded path that begins with one. */
static bool has_dot_segment(const char *path)
{
    while (*path == '/') {
        size_t n = strcspn(++path, "/");
        if ((n == 1 || n == 2) && strspn(path, ".") >= n) {
            return true;
        }
        path += n;
    }
    return false;
}

bool uri_is_sane(const char *target, size_t *ret_path_len)
{
    if (target[0] != '/') {
        return false;
    }
    for (const char *p = target; *p != '\0'; p++) {
        if (*p <= 0x20 || *p >= 0x7f || *p == '#') {
            return false;
        }
    }
    size_t n = strcspn(target, "?");
    char *path = mem_alloc(n + 1, 1);
    bool sane = uri_decode(target, n, false, path) >= 0 && !has_dot_segment(path);
    free(path);
    if (sane) {
        *ret_path_len = n;
    }
    return sane;
}

bool uri_next_arg(const char **at, const char **ret_name, size_t *ret_name_len,
                  const char **ret_value, size_t *ret_value_len)
{
    const char *p = *at;
    while (*p == '&') {
        p++;
    }
    if (*p == '\0') {
        return false;
    }
    size_t n = strcspn(p, "&");
    const char *eq = memchr(p, '=', n);
    *ret_name = p;
    *ret_name_len = eq != NULL ? (size_t)(eq - p) : n;
    *ret_value = eq != NULL ? eq + 1 : p + n;
    *ret_value_len = n - (size_t)(*ret_value - p);
    *at = p + n;
    return true;
}

const char *uri_cookie(const char *header, const char *name, size_t *ret_len)
{
    size_t name_len = strlen(name);
    for (const char *p = header; *p != '\0';) {
        p += strspn(p, "; \t");
        size_t n = strcspn(p, ";");
        if (n > name_len && p[name_len] == '=' && memcmp(p, name, name_len) == 0) {
            const char *v = p + name_len + 1;
            n -= name_len + 1;
            while (n > 0 && (v[n - 1] == ' ' || v[n - 1] == '\t')) {
                n--;
            }
            bool quoted = n >= 2 && v[0] == '"' && v[n - 1] == '"';
            *ret_len = quoted ? n - 2 : n;
            return quoted ? v + 1 : v;
        }
        p += n;
    }
    return NULL;
}
