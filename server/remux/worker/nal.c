/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/nal.h"

#include <errno.h>
#include <string.h>

enum { AVCC_HEAD = 6, HVCC_HEAD = 23, LENGTH_AT_AVCC = 4, LENGTH_AT_HVCC = 21 };
enum { H264_SLICE_LAST = 4, H264_IDR = 5, H264_SEI = 6, H264_SPS = 7, H264_PPS = 8 };
enum {
    H265_IRAP_FIRST = 16,
    H265_IRAP_LAST = 23,
    H265_SLICE_LAST = 31,
    H265_VPS = 32,
    H265_SPS,
    H265_PPS
};
enum { SEI_RECOVERY_POINT = 6 };

struct nal_iter nal_iter(const uint8_t *p, size_t n, size_t length_size)
{
    static const uint8_t nothing[1]; /* NULL plus zero is undefined */
    p = n > 0 ? p : nothing;
    return (struct nal_iter){.p = p, .end = p + n, .length_size = length_size};
}

/* The next 00 00 01 at or after p: its first byte, or end. */
static const uint8_t *start_code(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 3) {
        const uint8_t *one = memchr(p + 2, 1, (size_t)(end - p - 2));
        if (one == NULL) {
            return end;
        }
        if (one[-1] == 0 && one[-2] == 0) {
            return one - 2;
        }
        p = one - 1;
    }
    return end;
}

static bool next_start_code(struct nal_iter *it, struct nal_unit *ret_unit)
{
    const uint8_t *at = start_code(it->p, it->end);
    if (at == it->end) {
        return false;
    }
    const uint8_t *unit = at + 3, *stop = start_code(unit, it->end);
    it->p = stop;
    while (stop > unit && stop[-1] == 0) {
        stop--;
    }
    *ret_unit = (struct nal_unit){.p = unit, .n = (size_t)(stop - unit)};
    return true;
}

bool nal_next(struct nal_iter *it, struct nal_unit *ret_unit)
{
    if (it->length_size == 0) {
        return next_start_code(it, ret_unit);
    }
    if ((size_t)(it->end - it->p) < it->length_size) {
        return false;
    }
    size_t n = 0;
    for (size_t i = 0; i < it->length_size; i++) {
        n = n << 8 | it->p[i];
    }
    it->p += it->length_size;
    size_t left = (size_t)(it->end - it->p);
    n = n < left ? n : left; /* a unit said to be longer than the picture: what there is */
    *ret_unit = (struct nal_unit){.p = it->p, .n = n};
    it->p += n;
    return true;
}

static unsigned type_of(enum nal_codec codec, uint8_t first)
{
    return codec == NAL_H264 ? first & 31U : first >> 1 & 63U;
}

/* An SEI unit whose first message is a recovery point with count 0: an intra picture after which
 * all is right. recovery_frame_cnt is ue(v): 0 is coded as a single one bit. */
static bool is_recovery_point(const struct nal_unit *u)
{
    return u->n >= 4 && u->p[1] == SEI_RECOVERY_POINT && (u->p[3] & 0x80) != 0;
}

static void look_h264(const struct nal_unit *u, unsigned *seen, struct nal_facts *f)
{
    unsigned type = type_of(NAL_H264, u->p[0]);
    f->slice |= type >= 1 && type <= H264_IDR;
    f->sync |= type == H264_IDR || (type == H264_SEI && is_recovery_point(u));
    *seen |= type == H264_SPS ? 1U : type == H264_PPS ? 2U : 0;
    f->sets = *seen == 3;
}

static void look_h265(const struct nal_unit *u, unsigned *seen, struct nal_facts *f)
{
    unsigned type = type_of(NAL_H265, u->p[0]);
    f->slice |= type <= H265_SLICE_LAST;
    f->sync |= type >= H265_IRAP_FIRST && type <= H265_IRAP_LAST;
    *seen |= type == H265_VPS ? 1U : type == H265_SPS ? 2U : type == H265_PPS ? 4U : 0;
    f->sets = *seen == 7;
}

/* The next unit's beginning; how long it is may stay open, which saves searching for its end. */
static bool next_head(struct nal_iter *it, struct nal_unit *ret_unit)
{
    if (it->length_size != 0) {
        return nal_next(it, ret_unit);
    }
    const uint8_t *at = start_code(it->p, it->end);
    if (at == it->end) {
        return false;
    }
    it->p = at + 3;
    *ret_unit = (struct nal_unit){.p = it->p, .n = (size_t)(it->end - it->p)};
    return true;
}

struct nal_facts nal_look(enum nal_codec codec, const uint8_t *p, size_t n, size_t length_size)
{
    struct nal_facts f = {0};
    struct nal_iter it = nal_iter(p, n, length_size);
    struct nal_unit u;
    unsigned seen = 0;
    while (!f.slice && next_head(&it, &u)) { /* what follows a slice are more slices */
        if (u.n == 0) {
            continue;
        }
        if (codec == NAL_H264) {
            look_h264(&u, &seen, &f);
        } else {
            look_h265(&u, &seen, &f);
        }
    }
    return f;
}

void nal_reframe(const uint8_t *p, size_t n, size_t length_size, struct buf *out)
{
    struct nal_iter it = nal_iter(p, n, length_size);
    struct nal_unit u;
    while (nal_next(&it, &u)) {
        if (u.n > 0) {
            buf_be32(out, (uint32_t)u.n);
            buf_append(out, u.p, u.n);
        }
    }
}

static void put_set(struct buf *out, const uint8_t *p, size_t n)
{
    buf_be32(out, 1);
    buf_append(out, p, n);
}

void nal_sets_of_picture(enum nal_codec codec, const uint8_t *p, size_t n, size_t length_size,
                         struct buf *out)
{
    struct nal_iter it = nal_iter(p, n, length_size);
    struct nal_unit u;
    while (nal_next(&it, &u)) {
        unsigned type = u.n > 0 ? type_of(codec, u.p[0]) : 0;
        bool set = codec == NAL_H264 ? type == H264_SPS || type == H264_PPS
                                     : type >= H265_VPS && type <= H265_PPS;
        if (set) {
            put_set(out, u.p, u.n);
        }
    }
}

/* A list of 16-bit sized sets at *at; moves on. */
static int put_sized_sets(const uint8_t *p, size_t n, size_t *at, unsigned count, struct buf *out)
{
    while (count-- > 0) {
        if (n - *at < 2) {
            return -EBADMSG;
        }
        size_t size = (size_t)p[*at] << 8 | p[*at + 1];
        *at += 2;
        if (n - *at < size) {
            return -EBADMSG;
        }
        if (size > 0) {
            put_set(out, p + *at, size);
        }
        *at += size;
    }
    return 0;
}

static int sets_of_avcc(const uint8_t *p, size_t n, struct buf *out)
{
    size_t at = AVCC_HEAD;
    int r = put_sized_sets(p, n, &at, p[5] & 31, out);
    if (r == 0 && at < n) {
        unsigned count = p[at++];
        r = put_sized_sets(p, n, &at, count, out);
    }
    return r;
}

static int sets_of_hvcc(const uint8_t *p, size_t n, struct buf *out)
{
    size_t at = HVCC_HEAD;
    int r = 0;
    for (unsigned arrays = p[22]; arrays > 0 && r == 0; arrays--) {
        if (n - at < 3) {
            return -EBADMSG;
        }
        unsigned count = (unsigned)p[at + 1] << 8 | p[at + 2];
        at += 3;
        r = put_sized_sets(p, n, &at, count, out);
    }
    return r;
}

size_t nal_length_size(enum nal_codec codec, const uint8_t *p, size_t n)
{
    if (n < (codec == NAL_H264 ? AVCC_HEAD + 1U : HVCC_HEAD) || p[0] != 1) {
        return 0;
    }
    return (p[codec == NAL_H264 ? LENGTH_AT_AVCC : LENGTH_AT_HVCC] & 3) + 1U;
}

int nal_sets_of_config(enum nal_codec codec, const uint8_t *p, size_t n, struct buf *out)
{
    if (nal_length_size(codec, p, n) == 0) {
        return -EBADMSG;
    }
    return codec == NAL_H264 ? sets_of_avcc(p, n, out) : sets_of_hvcc(p, n, out);
}
