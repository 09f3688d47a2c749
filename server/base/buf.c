/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SMALLEST_CAP = 64 };

void buf_json_text(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        uint8_t c = (uint8_t)*s;
        if (c == '"' || c == '\\') {
            buf_append(b, (char[]){'\\', *s}, 2);
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(b, "\\u%04x", c);
        } else {
            buf_u8(b, c);
        }
    }
}

uint8_t *buf_room(struct buf *b, size_t n)
{
    if (b->overflow || n > b->max || b->len > b->max - n) {
        b->overflow = true;
        return NULL;
    }
    size_t need = b->len + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap * 2 > SMALLEST_CAP ? b->cap * 2 : SMALLEST_CAP;
        cap = cap > need ? cap : need;
        b->data = mem_resize(b->data, cap, 1);
        b->cap = cap;
    }
    return b->data + b->len;
}

void buf_append(struct buf *b, const void *p, size_t n)
{
    uint8_t *room = buf_room(b, n);
    if (room == NULL) {
        return;
    }
    if (n > 0) {
        memcpy(room, p, n);
    }
    b->len += n;
    b->data[b->len] = 0;
}

void buf_str(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = NULL;
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    ALWAYS(n >= 0);
    buf_append(b, s, (size_t)n);
    free(s);
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_append(b, &v, 1);
}

void buf_be16(struct buf *b, uint16_t v)
{
    buf_append(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

void buf_be24(struct buf *b, uint32_t v)
{
    buf_append(b, (uint8_t[]){(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 3);
}

void buf_be32(struct buf *b, uint32_t v)
{
    buf_be16(b, (uint16_t)(v >> 16));
    buf_be16(b, (uint16_t)v);
}

void buf_be64(struct buf *b, uint64_t v)
{
    buf_be32(b, (uint32_t)(v >> 32));
    buf_be32(b, (uint32_t)v);
}

void buf_consume(struct buf *b, size_t n)
{
    ALWAYS(n <= b->len);
    if (n > 0) {
        memmove(b->data, b->data + n, b->len - n + 1);
        b->len -= n;
    }
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
}

void *buf_take(struct buf *b)
{
    void *p = b->data;
    *b = BUF_INIT(b->max);
    return p;
}

void buf_finish(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT(b->max);
}
