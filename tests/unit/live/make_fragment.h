/* SPDX-License-Identifier: Apache-2.0 */
/* A fragment as our writer makes them: a moof with a traf of each track, an mdat of `fill`. */
#ifndef TESTS_UNIT_LIVE_MAKE_FRAGMENT_H
#define TESTS_UNIT_LIVE_MAKE_FRAGMENT_H

#include "base/buf.h"

#include <string.h>

static void put_size(struct buf *b, size_t at)
{
    uint32_t n = (uint32_t)(b->len - at);
    const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                              (uint8_t)n};
    memcpy(b->data + at, bytes, 4);
}

static size_t open_box(struct buf *b, const char *type)
{
    size_t at = b->len;
    buf_be32(b, 0);
    buf_append(b, type, 4);
    return at;
}

static void make_traf(struct buf *b, uint32_t track, uint64_t time)
{
    size_t traf = open_box(b, "traf"), tfhd = open_box(b, "tfhd");
    buf_be32(b, 0x020000);
    buf_be32(b, track);
    put_size(b, tfhd);
    size_t tfdt = open_box(b, "tfdt");
    buf_be32(b, 1u << 24);
    buf_be64(b, time);
    put_size(b, tfdt);
    size_t trun = open_box(b, "trun");
    buf_be64(b, 1);
    put_size(b, trun);
    put_size(b, traf);
}

static void make_fragment(struct buf *b, const uint64_t *times, unsigned n, size_t fill_n,
                          uint8_t fill)
{
    size_t moof = open_box(b, "moof"), mfhd = open_box(b, "mfhd");
    buf_be64(b, 1);
    put_size(b, mfhd);
    for (unsigned i = 0; i < n; i++) {
        make_traf(b, i + 1, times[i]);
    }
    put_size(b, moof);
    size_t mdat = open_box(b, "mdat");
    while (fill_n-- > 0) {
        buf_u8(b, fill);
    }
    put_size(b, mdat);
}

#endif
