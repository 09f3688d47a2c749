/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's stored footage from a time on, fragment by fragment, for a view that begins in the
 * past. One segment's worth of descriptions and one fragment are held at a time. */
#ifndef LIVE_PAST_H
#define LIVE_PAST_H

#include "live/live_state.h"

/* How far a view has come: everything up to here was sent. */
struct past_place {
    struct id recording; /* zero: none yet */
    int64_t end_90k;     /* on the recording's time line */
    int64_t end_us;      /* the camera's time; where to begin when there is no recording */
};
/* Parts fit together that lie this far apart at most. */
enum { PAST_FIT_90K = 900 };

struct past_unit {
    uint8_t *bytes; /* the caller's */
    size_t n;
    struct fragment_times times;
    struct live_init *init; /* held; the caller's */
    struct id recording;
    int64_t start_us, decode_90k;
    uint32_t duration_90k;
};

struct past;
/* ready(arg): ask again; never from inside a call. */
struct past *past_create(struct live *l, const struct id *camera, const struct past_place *from,
                         loop_fn *ready, void *arg);
enum past_next { PAST_UNIT, PAST_WAIT, PAST_NO_MORE, PAST_FAILED };
/* PAST_NO_MORE: nothing more is stored now; asking again looks again. */
enum past_next past_next(struct past *p, struct past_unit *ret_unit);
/* Takes NULL, returns NULL. No ready() afterwards. */
struct past *past_close(struct past *p);

#endif
