/* SPDX-License-Identifier: Apache-2.0 */
#include "http/range.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Digits at *s; false when there are none. Too large a number counts as UINT64_MAX. */
static bool number(const char **s, uint64_t *ret)
{
    const char *start = *s;
    uint64_t v = 0;
    for (; **s >= '0' && **s <= '9'; ++*s) {
        unsigned d = (unsigned)(**s - '0');
        v = v > (UINT64_MAX - d) / 10 ? UINT64_MAX : v * 10 + d;
    }
    *ret = v;
    return *s != start;
}

/* "-500": the last 500 bytes. */
static int suffix(const char *s, uint64_t size, uint64_t *ret_first, uint64_t *ret_last)
{
    uint64_t n;
    s++;
    if (!number(&s, &n) || *s != '\0') {
        return RANGE_E_NONE;
    }
    if (n == 0 || size == 0) {
        return RANGE_E_UNSATISFIABLE;
    }
    *ret_first = n < size ? size - n : 0;
    *ret_last = size - 1;
    return 0;
}

int range_parse(const char *header, uint64_t size, uint64_t *ret_first, uint64_t *ret_last)
{
    if (header == NULL || strncasecmp(header, "bytes=", 6) != 0) {
        return RANGE_E_NONE;
    }
    const char *s = header + 6;
    s += strspn(s, " \t");
    if (*s == '-') {
        return suffix(s, size, ret_first, ret_last);
    }
    uint64_t first, last = UINT64_MAX;
    if (!number(&s, &first) || *s++ != '-') {
        return RANGE_E_NONE;
    }
    if (*s != '\0' && (!number(&s, &last) || *s != '\0' || last < first)) {
        return RANGE_E_NONE;
    }
    if (first >= size) {
        return RANGE_E_UNSATISFIABLE;
    }
    *ret_first = first;
    *ret_last = last < size ? last : size - 1;
    return 0;
}

bool range_etag_listed(const char *list, const char *etag)
{
    size_t n = strlen(etag);
    for (const char *p = list; *p != '\0';) {
        p += strspn(p, " \t,");
        if (*p == '*') {
            return true;
        }
        if (strncmp(p, "W/", 2) == 0) { /* If-None-Match compares weakly */
            p += 2;
        }
        if (*p != '"') {
            return false;
        }
        const char *end = strchr(p + 1, '"');
        if (end == NULL) {
            return false;
        }
        if ((size_t)(end + 1 - p) == n && memcmp(p, etag, n) == 0) {
            return true;
        }
        p = end + 1;
    }
    return false;
}

bool range_if_range(const char *header, const char *etag)
{
    return header == NULL || strcmp(header, etag) == 0;
}

int range_content_parse(const char *header, uint64_t *ret_first, uint64_t *ret_last,
                        uint64_t *ret_total)
{
    uint64_t first, last, total = RANGE_UNKNOWN;
    const char *s = header + 5;
    if (strncasecmp(header, "bytes", 5) != 0 || (*s != ' ' && *s != '=')) {
        return -EINVAL;
    }
    s += 1 + strspn(s + 1, " ");
    if (!number(&s, &first) || *s++ != '-' || !number(&s, &last) || *s++ != '/') {
        return -EINVAL;
    }
    if (strcmp(s, "*") != 0 && (!number(&s, &total) || *s != '\0' || total > INT64_MAX)) {
        return -EINVAL;
    }
    if (first > last || last >= INT64_MAX || (total != RANGE_UNKNOWN && last >= total)) {
        return -EINVAL;
    }
    *ret_first = first;
    *ret_last = last;
    *ret_total = total;
    return 0;
}
