/* SPDX-License-Identifier: Apache-2.0 */
/* What server, zygote and jailed child say to each other.
 *
 * Server <-> zygote: one packet socket, fixed structures (both sides are of one build). Server <->
 * child: a stream of frames, 32-bit big-endian length (of all that follows), one type byte, the
 * payload. The child's side is hostile: every length is bounded, every field checked, and what may
 * come when is the receiver's business. */
#ifndef REMUX_PROTOCOL_H
#define REMUX_PROTOCOL_H

#include "base/buf.h"
#include "crypto/seal.h"
#include "remux/index.h"

enum { PROTOCOL_ZYGOTE_FD = 3 }; /* where the zygote finds its socket */

/* ---- zygote ---- */
enum zygote_type { ZYGOTE_START = 1, ZYGOTE_KILL, ZYGOTE_EXITED, ZYGOTE_READY };
enum job_kind { JOB_REMUX, JOB_STILL, JOB_SPRITE, JOB_SNAPSHOT };
enum { SPRITE_TILES_MAX = 128, SPRITE_SIDE_MAX = 4096 };

struct job_order {
    uint64_t output_max_bytes; /* live: unused */
    uint32_t segment_max_ms;
    uint32_t max_width;                 /* still; sprite: of a tile */
    uint32_t max_height, columns, rows; /* sprite; output_max_bytes is the JPEG's */
    enum job_kind kind;
    bool live; /* an endless body: parts, journal, and what is held is kept when the server dies */
    bool continues; /* a journal: its time line is the recording's, which runs ahead by lead_90k */
    int64_t lead_90k;
    /* A piece of a push (remux.h): times stay as they are. */
    bool pushed, joined;
    int64_t near_90k, before_from_90k, before_to_90k;
};
struct zygote_message {
    enum zygote_type type;
    uint32_t job;           /* number given by the server */
    struct job_order order; /* START: with it come two descriptors, the input and the channel */
    int wait_status;        /* EXITED: as from waitpid() */
};
enum { ZYGOTE_START_FDS = 2 };

/* ---- channel ---- */
enum channel_type {
    /* child to server */
    CHANNEL_NEED_OUTPUT = 1, /* empty: wants OUTPUT */
    CHANNEL_NEED_SPOOL,      /* empty: wants SPOOL, at most once */
    CHANNEL_SEGMENT,         /* the output given last is complete */
    CHANNEL_PICTURE,         /* a JPEG */
    CHANNEL_DONE,            /* the verdict, last */
    CHANNEL_INIT, /* live: the init that the parts to come need, before the first of them */
    CHANNEL_PART, /* live: a part is in the segment and in the journal */
    /* server to child */
    CHANNEL_OUTPUT, /* struct channel_output; with a descriptor, live: and the journal's */
    CHANNEL_SPOOL,  /* empty; with a descriptor */
    CHANNEL_END,    /* one byte, enum stream_end: nothing more comes down the pipe */
};
enum {
    CHANNEL_HEAD_SIZE = 5,
    CHANNEL_PICTURE_MAX = 4 << 20,
    CHANNEL_FRAME_MAX = CHANNEL_PICTURE_MAX + 1,
    CHANNEL_REASON_MAX = 256, /* with the NUL */
    CHANNEL_NOTES_MAX = 512,
    CHANNEL_CONTAINER_MAX = 16,
    CHANNEL_SEGMENT_HEAD = 8 + 8 + SHA256_SIZE,
    CHANNEL_OUTPUT_SIZE = SEAL_KEY_SIZE + 16 + 16 + 1,
    CHANNEL_OUTPUT_BLOCK = 4096,  /* outputs are written in such blocks, see worker/output.h */
    CHANNEL_INIT_MAX = 128 << 10, /* of the init itself */
    CHANNEL_PART_SIZE = 8 + 8 + 8 + 4 + 4 + 1,
    CHANNEL_FDS_MAX = 2,
};

/* Size of the file that the worker leaves for that many sealed bytes. */
static inline uint64_t channel_output_size(uint64_t sealed_bytes)
{
    return (sealed_bytes + CHANNEL_OUTPUT_BLOCK - 1) / CHANNEL_OUTPUT_BLOCK * CHANNEL_OUTPUT_BLOCK;
}

struct channel_frame {
    enum channel_type type;
    const uint8_t *p; /* borrowed from the buffer parsed */
    size_t n;
};
/* The first frame in [p, p+n): its whole size, 0 when more bytes are needed, -EBADMSG. */
ssize_t channel_parse(const uint8_t *p, size_t n, struct channel_frame *ret_frame) MUST_CHECK;
void channel_format(struct buf *out, enum channel_type type, const void *p, size_t n);

struct channel_segment {
    struct seal_result sealed;
    const uint8_t *index;
    size_t index_n;
};
int channel_parse_segment(const struct channel_frame *f,
                          struct channel_segment *ret_segment) MUST_CHECK;
void channel_format_segment(struct buf *out, const struct channel_segment *s);

struct channel_done {
    uint8_t status; /* 0 or REMUX_E_, of those a worker may say */
    bool partial;   /* the media ends before its own end */
    char container[CHANNEL_CONTAINER_MAX];
    char reason[CHANNEL_REASON_MAX];
    char notes[CHANNEL_NOTES_MAX];
};
int channel_parse_done(const struct channel_frame *f, struct channel_done *ret_done) MUST_CHECK;
void channel_format_done(struct buf *out, const struct channel_done *d);

struct channel_output {
    struct seal_params seal;
    bool fresh; /* a new recording begins with it */
};
int channel_parse_output(const struct channel_frame *f,
                         struct channel_output *ret_output) MUST_CHECK;
void channel_format_output(struct buf *out, const struct channel_output *o);

struct channel_init {
    char container[CHANNEL_CONTAINER_MAX];
    const uint8_t *init; /* ftyp+moov */
    size_t init_n;
    const uint8_t *tracks; /* coded: index_decode_tracks() */
    size_t tracks_n;
};
int channel_parse_init(const struct channel_frame *f, struct channel_init *ret_init) MUST_CHECK;
void channel_format_init(struct buf *out, const struct channel_init *i);

struct channel_part {
    uint64_t offset;    /* of its record in the journal */
    int64_t start_90k;  /* earliest presentation time, within the recording */
    int64_t decode_90k; /* of its first picture, as in its boxes */
    uint32_t duration_90k;
    uint32_t bytes; /* plaintext */
    bool key;
};
int channel_parse_part(const struct channel_frame *f, struct channel_part *ret_part) MUST_CHECK;
void channel_format_part(struct buf *out, const struct channel_part *p);

#endif
