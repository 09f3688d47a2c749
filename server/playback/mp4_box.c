/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/mp4_box.h"

#include <string.h>

void box_write_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

void box_write_be64(uint8_t *p, uint64_t v)
{
    box_write_be32(p, (uint32_t)(v >> 32));
    box_write_be32(p + 4, (uint32_t)v);
}

uint64_t box_read_be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

size_t box_open(struct buf *b, const char *type)
{
    size_t at = b->len;
    buf_be32(b, 0);
    buf_str(b, type);
    return at;
}

size_t box_open_full(struct buf *b, const char *type, unsigned version, uint32_t flags)
{
    size_t at = box_open(b, type);
    buf_u8(b, (uint8_t)version);
    buf_be24(b, flags);
    return at;
}

void box_close(struct buf *b, size_t opened)
{
    if (!b->overflow) {
        box_write_be32(b->data + opened, (uint32_t)(b->len - opened));
    }
}

void box_number(struct buf *b, bool wide, uint64_t v)
{
    if (wide) {
        buf_be64(b, v);
    } else {
        buf_be32(b, (uint32_t)v);
    }
}

void box_zeros(struct buf *b, size_t n)
{
    uint8_t *p = buf_room(b, n);
    if (p != NULL) {
        memset(p, 0, n);
        b->len += n;
    }
}
