/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what live view has to know of a fragment (moof + mdat) that a worker wrote - where its
 * decode times stand, so that a viewer's time line goes on over a skip or a new recording - and the
 * small boxes that go in front of one. The worker is not trusted: whatever it wrote, nothing here
 * reads past it. */
#ifndef LIVE_FRAGMENT_H
#define LIVE_FRAGMENT_H

#include "base/buf.h"
#include "remux/index.h"

/* The baseMediaDecodeTime of each track fragment (ISO 14496-12, tfdt, version 1). */
struct fragment_times {
    unsigned n;
    struct fragment_time {
        uint32_t track; /* track_ID, from 1 */
        uint32_t at;    /* of its eight bytes in the fragment */
        uint64_t time;  /* in the track's timescale */
    } track[INDEX_TRACKS_MAX];
};
/* -EBADMSG: not one moof that is followed by one mdat up to the end, or other track fragments than
 * our writer's. */
int fragment_times(const uint8_t *p, size_t n, struct fragment_times *ret_times) MUST_CHECK;

enum { FRAGMENT_PRFT_SIZE = 32 };
/* Append a prft box: the wall clock at which the picture of that decode time was taken. */
void fragment_prft(struct buf *out, uint32_t track, int64_t utc_us, uint64_t media_time);

#define FRAGMENT_EVENT_SCHEME "urn:doorward:live:1"
/* Append an emsg box (version 1) of FRAGMENT_EVENT_SCHEME for players that look: value is the event
 * ("skipped", "ended"), message one JSON object. */
void fragment_event(struct buf *out, const char *value, uint32_t timescale, uint64_t time,
                    uint32_t id, const char *message);

#endif
