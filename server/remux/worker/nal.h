/* SPDX-License-Identifier: Apache-2.0 */
/* H.264 and H.265 units inside a picture: from either framing to four-byte lengths, without
 * touching a unit's bytes; what they say about the picture; the parameter sets. Pure. */
#ifndef REMUX_WORKER_NAL_H
#define REMUX_WORKER_NAL_H

#include "base/buf.h"

enum nal_codec { NAL_H264, NAL_H265 };
enum { NAL_LENGTH = 4, NAL_SETS_MAX = 8192 };

struct nal_iter {
    const uint8_t *p, *end;
    size_t length_size; /* 0: start codes */
};
struct nal_unit {
    const uint8_t *p;
    size_t n; /* without trailing zero bytes of a start-code stream */
};
struct nal_iter nal_iter(const uint8_t *p, size_t n, size_t length_size);
bool nal_next(struct nal_iter *it, struct nal_unit *ret_unit);

struct nal_facts {
    bool sync;  /* decoding can begin here */
    bool sets;  /* brings parameter sets that decoding needs (SPS and PPS, for H.265 VPS too) */
    bool slice; /* has a picture at all */
};
struct nal_facts nal_look(enum nal_codec codec, const uint8_t *p, size_t n, size_t length_size);

/* Units with four-byte lengths, all of them in order. */
void nal_reframe(const uint8_t *p, size_t n, size_t length_size, struct buf *out);
/* The parameter sets of a picture, or of a decoder configuration (avcC, hvcC), with start codes. */
void nal_sets_of_picture(enum nal_codec codec, const uint8_t *p, size_t n, size_t length_size,
                         struct buf *out);
int nal_sets_of_config(enum nal_codec codec, const uint8_t *p, size_t n,
                       struct buf *out) MUST_CHECK;
/* Bytes of a unit's length in that configuration: 1, 2 or 4; 0 if it is none. */
size_t nal_length_size(enum nal_codec codec, const uint8_t *p, size_t n);

#endif
