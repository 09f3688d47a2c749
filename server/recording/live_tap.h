/* SPDX-License-Identifier: Apache-2.0 */
/* What an endless upload tells whoever shows it live, part by part, before a segment is finished.
 * The publisher (ingest) calls the ops; the listener (live) implements them; app wires them.
 *
 * Threads: every op is called on the loop that takes the upload (the publishing loop), never from
 * inside an op. A part may be kept and read from any thread: it never changes, is counted, and
 * holds its journal open. */
#ifndef RECORDING_LIVE_TAP_H
#define RECORDING_LIVE_TAP_H

#include "base/id.h"
#include "recording/journal.h"
#include "remux/index.h"

#include <stdatomic.h>

struct live_feed_facts {
    struct id camera, household;
    struct id upload, recording;
    int64_t arrived_us; /* server's clock when the body began */
};

struct live_fragment {  /* one journaled part, immutable, reference-counted */
    uint64_t sequence;  /* within the feed, from 0, without holes */
    int64_t start_us;   /* UTC of its earliest picture (camera's chosen time base) */
    int64_t decode_90k; /* of its first picture, as written in its boxes, in 1/90000 s */
    int64_t arrived_us; /* server's clock when the worker had cut it */
    uint32_t duration_90k;
    uint32_t bytes; /* moof + mdat, plaintext */
    bool key;       /* begins with a key picture */
    bool segment;   /* the first part of a segment */
    struct journal_ref *journal;
    uint64_t offset; /* where to read it back: journal_read() on the pool */
    _Atomic unsigned refs;
};
/* Any thread. */
struct live_fragment *live_fragment_ref(struct live_fragment *f);
struct live_fragment *live_fragment_unref(struct live_fragment *f); /* takes NULL, returns NULL */

struct live_tap_ops {
    /* The first part is about to come. f is borrowed. Returns the feed; NULL: not interested, no
     * other op is called for it. */
    void *(*begin)(void *arg, const struct live_feed_facts *f);
    /* Before the first part, and again when other tracks or formats follow, or when the stream goes
     * on in a new recording (decode times then start over). All borrowed; the tracks without
     * samples. */
    void (*init)(void *feed, const uint8_t *init, size_t n, const struct index_track *tracks,
                 size_t n_tracks);
    /* Keep it by live_fragment_ref(). */
    void (*fragment)(void *feed, struct live_fragment *f);
    /* The body has ended, one way or another. The last call. */
    void (*end)(void *feed);
};

#endif
