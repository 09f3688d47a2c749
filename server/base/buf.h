/* SPDX-License-Identifier: Apache-2.0 */
/* Growable bytes with a mandatory maximum. Appending past the maximum marks the buffer `overflow`
 * and drops the bytes; callers check once at the end. data is always NUL-terminated (the NUL is not
 * counted in len). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* owned; NULL until the first append */
    size_t len, cap, max;
    bool overflow;
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_append(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* s as the inside of a JSON string: control characters (CR, LF too) escaped, so it stays one line.
 */
void buf_json_text(struct buf *b, const char *s);
/* Room for n more bytes, or NULL (overflow is then set). The caller adds what it wrote to len. */
uint8_t *buf_room(struct buf *b, size_t n);
/* Big-endian integers, for MP4 boxes and wire formats. */
void buf_u8(struct buf *b, uint8_t v);
void buf_be16(struct buf *b, uint16_t v);
void buf_be24(struct buf *b, uint32_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_be64(struct buf *b, uint64_t v);
/* Drop the first n bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_clear(struct buf *b);
/* Give the bytes away (caller frees); the buffer is empty again. */
void *buf_take(struct buf *b);
void buf_finish(struct buf *b);

#endif
