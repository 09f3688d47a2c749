/* SPDX-License-Identifier: Apache-2.0 */
#include "live/fragment.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

enum { BOX_HEAD = 8, FULL_HEAD = 12 };
/* Seconds from 1900 (NTP) to 1970. */
#define NTP_EPOCH_S 2208988800u

struct span {
    const uint8_t *p;
    size_t from, to; /* of the fragment */
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The box at the front of s: its type and its inside; s goes on behind it. False: none that fits.
 */
static bool next_box(struct span *s, char ret_type[4], struct span *ret_inside)
{
    if (s->to - s->from < BOX_HEAD) {
        return false;
    }
    uint32_t size = be32(s->p + s->from);
    if (size < BOX_HEAD || size > s->to - s->from) {
        return false;
    }
    memcpy(ret_type, s->p + s->from + 4, 4);
    *ret_inside = (struct span){.p = s->p, .from = s->from + BOX_HEAD, .to = s->from + size};
    s->from += size;
    return true;
}

static bool is(const char type[4], const char *name)
{
    return memcmp(type, name, 4) == 0;
}

static int read_tfdt(const struct span *b, struct fragment_time *t)
{
    if (b->to - b->from != 12 || be32(b->p + b->from) != 1u << 24) {
        return -EBADMSG;
    }
    t->at = (uint32_t)b->from + 4;
    t->time = (uint64_t)be32(b->p + t->at) << 32 | be32(b->p + t->at + 4);
    return 0;
}

static int read_traf(struct span traf, struct fragment_time *t)
{
    char type[4];
    struct span in;
    bool id = false, time = false;
    while (next_box(&traf, type, &in)) {
        if (is(type, "tfhd") && !id && in.to - in.from >= 8) {
            t->track = be32(in.p + in.from + 4);
            id = t->track > 0;
        } else if (is(type, "tfdt") && !time) {
            time = read_tfdt(&in, t) == 0;
        }
    }
    return id && time && traf.from == traf.to ? 0 : -EBADMSG;
}

static int read_moof(struct span moof, struct fragment_times *f)
{
    char type[4];
    struct span in;
    while (next_box(&moof, type, &in)) {
        if (is(type, "traf") &&
            (f->n == INDEX_TRACKS_MAX || read_traf(in, &f->track[f->n++]) != 0)) {
            return -EBADMSG;
        }
    }
    return f->n > 0 && moof.from == moof.to ? 0 : -EBADMSG;
}

int fragment_times(const uint8_t *p, size_t n, struct fragment_times *ret_times)
{
    char type[4];
    struct span all = {.p = p, .to = n}, moof, mdat;
    struct fragment_times f = {0};
    if (!next_box(&all, type, &moof) || !is(type, "moof") || read_moof(moof, &f) != 0 ||
        !next_box(&all, type, &mdat) || !is(type, "mdat") || all.from != all.to) {
        return -EBADMSG;
    }
    *ret_times = f;
    return 0;
}

void fragment_prft(struct buf *out, uint32_t track, int64_t utc_us, uint64_t media_time)
{
    enum { CAPTURED = 24 };
    uint64_t s = (uint64_t)(utc_us / CLOCK_US), us = (uint64_t)(utc_us % CLOCK_US);
    buf_be32(out, FRAGMENT_PRFT_SIZE);
    buf_str(out, "prft");
    buf_u8(out, 1);
    buf_be24(out, CAPTURED);
    buf_be32(out, track);
    buf_be32(out, (uint32_t)(s + NTP_EPOCH_S));
    buf_be32(out, (uint32_t)((us << 32) / CLOCK_US));
    buf_be64(out, media_time);
}

void fragment_event(struct buf *out, const char *value, uint32_t timescale, uint64_t time,
                    uint32_t id, const char *message)
{
    size_t n = FULL_HEAD + 20 + sizeof FRAGMENT_EVENT_SCHEME + strlen(value) + 1 + strlen(message);
    buf_be32(out, (uint32_t)n);
    buf_str(out, "emsg");
    buf_be32(out, 1u << 24);
    buf_be32(out, timescale);
    buf_be64(out, time);
    buf_be32(out, 0); /* no duration */
    buf_be32(out, id);
    buf_append(out, FRAGMENT_EVENT_SCHEME, sizeof FRAGMENT_EVENT_SCHEME);
    buf_append(out, value, strlen(value) + 1);
    buf_append(out, message, strlen(message));
}
