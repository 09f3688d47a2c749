/* SPDX-License-Identifier: Apache-2.0 */
/* The sample index of one segment: everything playback needs, so that playlists, MP4 headers and
 * byte ranges need no media library and no second read. The worker encodes it, the server decodes
 * it (as hostile input: bounded, checked, fuzzed).
 *
 * A segment's plaintext is a fragmented MP4: `init` (ftyp+moov), then fragments (moof+mdat). In
 * each fragment's mdat the runs of samples lie one after another, track by track, in track order:
 * run data of track 0, then track 1, ... Nothing else is in it. Decode times in the boxes count
 * from the recording's zero (the index counts from the segment's), so segments play on without a
 * break; equal track descriptions mean equal `init` bytes. Coded form: docs/design/segment-index.md
 * (version byte, varints, zigzag). About 4 KB for a minute of 1080p15
 * + AAC. */
#ifndef REMUX_INDEX_H
#define REMUX_INDEX_H

#include "base/buf.h"
#include "crypto/hash.h"

#include <stdbool.h>

enum {
    INDEX_TRACKS_MAX = 4,
    INDEX_FRAGMENTS_MAX = 4096,
    INDEX_SAMPLES_MAX = 65536, /* per track per segment */
    INDEX_STSD_MAX = 16384,
    INDEX_BYTES_MAX = 1 << 20
};

enum index_kind { INDEX_VIDEO, INDEX_AUDIO };

struct index_sample {
    uint32_t size;       /* bytes */
    uint32_t duration;   /* track timescale, > 0 except possibly the last */
    int32_t composition; /* pts - dts, track timescale; may be negative */
    bool sync;           /* starts a closed decode (IDR, CRA; every audio sample) */
};

struct index_track {
    enum index_kind kind;
    char codec[32];     /* RFC 6381: avc1.64001f, hvc1..., mp4a.40.2, opus, mp4a.6b (MP3), ac-3 */
    uint32_t timescale; /* Hz */
    uint16_t width, height; /* video: coded display size; audio: 0 */
    int32_t matrix[9];      /* tkhd matrix (16.16 / 2.30): rotation */
    uint16_t channels;      /* audio */
    uint32_t sample_rate;
    uint32_t stsd_len;
    uint8_t *stsd; /* the whole stsd box as it goes into a moov; owned */
    uint32_t n_samples;
    struct index_sample *samples; /* decode order; owned */
};

struct index_run {
    uint32_t first_sample, n_samples; /* into the track's samples; may be 0 samples */
    int64_t decode_time; /* of the first sample: track timescale, relative to the segment's media
                            zero */
};

struct index_fragment {
    uint64_t offset;                 /* of the moof in the plaintext */
    uint32_t moof_bytes, mdat_bytes; /* whole boxes, headers included; mdat header is 8 bytes */
    int64_t start_90k; /* earliest presentation time of the video (of the audio when there is none),
                          from media zero */
    uint32_t duration_90k;
    bool key;                                /* the video run begins with a sync sample */
    uint8_t sketch[SHA256_SIZE];             /* see INDEX_SKETCH_SAMPLE */
    struct index_run runs[INDEX_TRACKS_MAX]; /* one per track */
};

/* What tells a fragment from another: SHA-256 over its moof (all sizes and times) and the first
 * INDEX_SKETCH_SAMPLE bytes of each sample. It is no proof of the bytes: that is the sealed digest.
 * A hash over everything would be a sixth of the cost of an upload. */
enum { INDEX_SKETCH_SAMPLE = 64 };

struct index {
    uint32_t init_bytes;  /* ftyp+moov at the front of the plaintext */
    uint64_t plain_bytes; /* all of it */
    int64_t zero_90k;     /* media zero of this segment within its recording: 0 for the first */
    uint32_t duration_90k;
    uint32_t n_tracks, n_fragments;
    struct index_track tracks[INDEX_TRACKS_MAX];
    struct index_fragment *fragments; /* owned */
};

/* Append the coded form. -E2BIG when a limit is passed. */
int index_encode(const struct index *ix, struct buf *out) MUST_CHECK;
/* -EBADMSG on anything inconsistent: runs that do not tile the samples, sizes that do not fill the
 * mdat, fragments that overlap or pass plain_bytes. On success every number in *ret_index can be
 * trusted to be in bounds. */
int index_decode(const uint8_t *p, size_t n, struct index *ret_index) MUST_CHECK;
void index_finish(struct index *ix); /* takes a zeroed one too */
/* The tracks alone, without samples: what is known before the first fragment is complete. */
int index_encode_tracks(const struct index *ix, struct buf *out) MUST_CHECK;
/* Only tracks and n_tracks are set; same errors as index_decode(). */
int index_decode_tracks(const uint8_t *p, size_t n, struct index *ret_index) MUST_CHECK;
/* A new index with only the fragments [first, first+n): offsets as they will be when exactly init
 * and those fragments are written one after another; media zero and decode times stay. Owned by the
 * caller. */
int index_cut(const struct index *ix, uint32_t first, uint32_t n, struct index *ret_cut) MUST_CHECK;

/* Segments of one recording whose files begin with equal `init` bytes, in order of their time, as
 * one: offsets as they will be when the first one's init and then all fragments are written one
 * after another. Owned by the caller. -EINVAL: they do not fit (other tracks or formats, going back
 * in time, bytes that are of no fragment). -E2BIG: more than one segment may hold. */
int index_join(const struct index *const *list, size_t n, struct index *ret_joined) MUST_CHECK;
/* Do the two describe their tracks alike, so that `init` is the same bytes? */
bool index_same_init(const struct index *a, const struct index *b);

#endif
