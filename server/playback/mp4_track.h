/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the tables of one track of a virtual MP4, gathered sample by sample; mp4.c writes the boxes
 * around them. Decode times are given by absolute time, so rounding never adds up. */
#ifndef PLAYBACK_MP4_TRACK_H
#define PLAYBACK_MP4_TRACK_H

#include "remux/index.h"

enum { MP4_DESCRIPTIONS_MAX = 64 }; /* different coded formats of one track */

/* A table of (count, value) pairs. */
struct mp4_pairs {
    struct buf b;
    uint32_t n, count, value;
};

struct mp4_track {
    enum index_kind kind;
    unsigned ordinal; /* among the tracks of its kind */
    uint32_t timescale, first_duration;
    uint16_t width, height;
    int32_t matrix[9];
    uint32_t n_samples, n_chunks, n_sync, n_stsc, n_descriptions;
    struct {
        uint8_t *entry; /* owned */
        uint32_t len;
    } descriptions[MP4_DESCRIPTIONS_MAX];
    uint32_t stsc_samples, stsc_description; /* last one written */
    struct mp4_pairs stts, ctts;
    struct buf stss, stsc, stsz, offsets; /* offsets: 64 bits each, relative to the payload */
    /* Media time, track timescale; 0 = decode time of the first sample. */
    int64_t first_decode, position, shift; /* shift makes every composition offset >= 0 */
    int64_t pts_min, pts_max_end;
    uint32_t last_duration;
    /* Movie time. */
    uint64_t wait_90k, shown_90k;
    int64_t media_time;
};

/* max_bytes: of each table. */
void mp4_track_init(struct mp4_track *t, const struct index_track *model, unsigned ordinal,
                    size_t max_bytes);
void mp4_track_finish(struct mp4_track *t);
/* The number of a coded format in this track, from 1. -E2BIG. */
int mp4_track_describe(struct mp4_track *t, const struct index_track *from,
                       uint32_t *ret_description) MUST_CHECK;

struct mp4_chunk {
    uint64_t at;         /* relative to the payload */
    uint32_t first, n;   /* samples of the index's track */
    int64_t decode_time; /* of the first: its timescale, from the segment's zero */
    int64_t base_90k;    /* of the segment's zero */
    uint32_t description;
};
void mp4_track_add(struct mp4_track *t, const struct index_track *from, const struct mp4_chunk *c);
/* When what was added ends, on the film's time line in the track's timescale; INT64_MIN: nothing.
 */
int64_t mp4_track_end_of(const struct mp4_track *t);
/* After the last: close the tables, find where presentation begins and that it ends at the latest
 * at end_90k. -E2BIG when a table passed its limit. */
int mp4_track_end(struct mp4_track *t, int64_t end_90k) MUST_CHECK;

int64_t mp4_rescale(int64_t v, uint32_t from, uint32_t to);

#endif
