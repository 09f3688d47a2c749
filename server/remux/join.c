/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/join.h"

#include <errno.h>
#include <string.h>

enum { MAGIC_BYTES = sizeof JOIN_MAGIC - 1 };

void join_format(struct buf *out, const struct join_part *parts, size_t n)
{
    buf_append(out, JOIN_MAGIC, MAGIC_BYTES);
    buf_u8(out, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        buf_be64(out, parts[i].head_bytes);
        buf_be64(out, parts[i].body_bytes);
    }
}

static uint64_t be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

ssize_t join_parse(const uint8_t *p, size_t n, struct join_part ret_parts[JOIN_PARTS_MAX],
                   size_t *ret_n)
{
    if (memcmp(p, JOIN_MAGIC, n < MAGIC_BYTES ? n : MAGIC_BYTES) != 0) {
        return -EBADMSG;
    }
    if (n <= MAGIC_BYTES) {
        return 0;
    }
    size_t parts = p[MAGIC_BYTES];
    if (parts == 0 || parts > JOIN_PARTS_MAX) {
        return -EBADMSG;
    }
    if (n < MAGIC_BYTES + 1 + parts * 16) {
        return 0;
    }
    for (size_t i = 0; i < parts; i++) {
        const uint8_t *at = p + MAGIC_BYTES + 1 + i * 16;
        ret_parts[i] = (struct join_part){.head_bytes = be64(at), .body_bytes = be64(at + 8)};
        if (ret_parts[i].head_bytes > INT64_MAX / 16 || ret_parts[i].body_bytes > INT64_MAX / 16) {
            return -EBADMSG;
        }
    }
    *ret_n = parts;
    return (ssize_t)(MAGIC_BYTES + 1 + parts * 16);
}
