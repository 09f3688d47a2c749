/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the framing of ISO base media boxes (ISO/IEC 14496-12) over a struct buf. */
#ifndef PLAYBACK_MP4_BOX_H
#define PLAYBACK_MP4_BOX_H

#include "base/buf.h"

enum { MDAT_HEADER = 8, STSD_ENTRIES = 16 }; /* where a stsd box's first entry begins */

void box_write_be32(uint8_t *p, uint32_t v);
void box_write_be64(uint8_t *p, uint64_t v);
uint64_t box_read_be64(const uint8_t *p);
/* Begin a box; give what it returns to box_close(), innermost first. */
size_t box_open(struct buf *b, const char *type);
size_t box_open_full(struct buf *b, const char *type, unsigned version, uint32_t flags);
void box_close(struct buf *b, size_t opened);
/* A time or duration: 64 bits in version 1, else 32. */
void box_number(struct buf *b, bool wide, uint64_t v);
void box_zeros(struct buf *b, size_t n);

#endif
