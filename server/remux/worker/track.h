/* SPDX-License-Identifier: Apache-2.0 */
/* One track on its way from libav's packets to samples of a fragment: framing, parameters, time.
 * Samples wait in the track's queue until the writer takes a fragment's worth. */
#ifndef REMUX_WORKER_TRACK_H
#define REMUX_WORKER_TRACK_H

#include "base/buf.h"
#include "remux/index.h"
#include "remux/worker/clock.h"

#include <libavformat/avformat.h>

struct transcode;

struct sample {
    AVPacket *packet; /* owned */
    int64_t dts, pts; /* track time scale; dts CLOCK_NONE until the writer derives it */
    int64_t
        duration; /* what the container said, or the usual; the next dts decides if there is one */
    bool sync;
};

struct track {
    enum index_kind kind;
    int stream_index;
    AVRational time_base; /* of the packets */
    bool exact_times;     /* MP4: keep them as they are; others: sound is counted */
    uint32_t timescale;
    AVCodecParameters *par; /* owned: what the description is made of */
    AVRational aspect;
    int32_t matrix[9];
    bool described; /* par is complete */
    bool ever;      /* had a sample */
    struct clock_track clock;
    int64_t next_dts;   /* sound that is counted: where the next packet belongs */
    size_t length_size; /* video: of incoming units, 0 = start codes */
    bool insert_sets;   /* video: the parameters changed, they go before each sync picture */
    struct buf sets;    /* those parameters, with start codes */
    struct buf carry;   /* units that came without a picture: they go before the next one */
    unsigned frame_samples;
    struct transcode *transcode; /* owned; NULL when the sound is copied */
    struct sample *queue;        /* owned */
    size_t n_queue, cap_queue, queue_bytes;
};

/* kind from the stream; matrix unit unless the stream says otherwise. */
struct track *track_create(const AVStream *st, struct clock_file *file, bool exact_times);
/* Take the packet's content (the packet is blank afterwards). Negative errno: not usable at all. */
int track_push(struct track *t, AVPacket *packet) MUST_CHECK;
/* The stream has ended. */
int track_flush(struct track *t) MUST_CHECK;
/* Queue a finished sample. */
void track_queue(struct track *t, AVPacket *packet, int64_t dts, int64_t pts, int64_t duration,
                 bool sync);
/* Free the first n samples. */
void track_drop(struct track *t, size_t n);
/* No pictures at all, so that sound alone can be written. */
struct track *track_none(void);
struct track *track_destroy(struct track *t); /* takes NULL */

#endif
