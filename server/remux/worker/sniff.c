/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/sniff.h"

#include <string.h>

enum { TS_PACKET = 188, TS_SYNC = 0x47, TS_RUN = 3, M2TS_EXTRA = 4 };

static uint64_t be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static bool is_top_box(const uint8_t *type)
{
    static const char types[][5] = {"ftyp", "moov", "mdat", "free", "skip", "wide",
                                    "styp", "moof", "sidx", "uuid", "pnot", "emsg"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (memcmp(type, types[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Offset of the first of TS_RUN sync bytes one packet apart, or n. A short file may have fewer. */
static size_t ts_start(const uint8_t *p, size_t n, size_t step)
{
    for (size_t at = 0; at < step && at < n; at++) {
        size_t run = 0;
        while (run < TS_RUN && at + run * step < n && p[at + run * step] == TS_SYNC) {
            run++;
        }
        if (run == TS_RUN ||
            (at <= M2TS_EXTRA && run > 0 && at + run * step >= n && n >= TS_PACKET)) {
            return at;
        }
    }
    return n;
}

enum sniff_kind sniff_container(const uint8_t *p, size_t n)
{
    if (n >= 8 && is_top_box(p + 4)) {
        return SNIFF_MP4;
    }
    if (n >= 4 && be(p, 4) == 0x1a45dfa3) {
        return SNIFF_MATROSKA;
    }
    if (ts_start(p, n, TS_PACKET) < n || ts_start(p, n, TS_PACKET + M2TS_EXTRA) < n) {
        return SNIFF_MPEGTS;
    }
    return SNIFF_UNKNOWN;
}

enum sniff_mp4 sniff_mp4_layout(const uint8_t *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        if (n - at < 16) {
            return SNIFF_MP4_MORE;
        }
        uint64_t size = be(p + at, 4);
        const uint8_t *type = p + at + 4;
        if (size == 1) {
            size = be(p + at + 8, 8);
        }
        if (memcmp(type, "moov", 4) == 0) {
            return SNIFF_MP4_FIRST;
        }
        if (size < 8 || memcmp(type, "mdat", 4) == 0 || memcmp(type, "moof", 4) == 0) {
            return SNIFF_MP4_LAST;
        }
        if (size > n - at) {
            return SNIFF_MP4_MORE;
        }
        at += (size_t)size;
    }
    return SNIFF_MP4_MORE;
}

bool sniff_ts_scrambled(const uint8_t *p, size_t n)
{
    size_t at = ts_start(p, n, TS_PACKET), packets = 0, scrambled = 0;
    for (; at + 4 <= n && p[at] == TS_SYNC; at += TS_PACKET) {
        packets++;
        scrambled += (p[at + 3] & 0x80) != 0;
    }
    return packets > 0 && scrambled * 2 > packets;
}
