/* SPDX-License-Identifier: Apache-2.0 */
/* Give media to a jailed worker (doorward-remux): the only way anything here looks inside it. The
 * zygote is a separate process; each job is a child of it that enters its jail before reading a
 * byte. Everything a worker says is treated as hostile. */
#ifndef REMUX_REMUX_H
#define REMUX_REMUX_H

#include "base/id.h"
#include "base/loop.h"
#include "base/stream.h"
#include "crypto/seal.h"
#include "remux/index.h"

/* ---- the zygote: one per loop; restarted when it dies (jobs under way then end with
 * REMUX_E_CRASHED) ---- */
struct remux;
struct remux_params {
    struct loop *loop;
    const char *worker_path; /* of doorward-remux */
    const char
        *spool_dir;    /* for nameless files: an MP4 whose index comes last must be read twice */
    unsigned jobs_max; /* at once; more: REMUX_E_BUSY */
    uint64_t
        stall_ms; /* a worker that takes no input and says nothing for that long is killed: 10 s */
};
int remux_create(const struct remux_params *p, struct remux **ret_remux) MUST_CHECK;
unsigned remux_jobs(const struct remux *r);
/* Is there a zygote to take jobs? */
bool remux_ready(const struct remux *r);
struct remux *remux_destroy(struct remux *r); /* kills what is left */

enum {
    REMUX_E_BUSY = 1,
    REMUX_E_UNSUPPORTED_CONTAINER, /* 415 */
    REMUX_E_UNSUPPORTED_CODEC,     /* 415 */
    REMUX_E_ENCRYPTED,             /* 422 */
    REMUX_E_EMPTY,                 /* pieces of a push: no picture and no sound in it */
    REMUX_E_BROKEN,  /* 422: not readable, no picture, limits passed (streams, duration, growth) */
    REMUX_E_CRASHED, /* 422: the worker died or hung: metric + log, never a retry */
    REMUX_E_OUTPUT,  /* writing the segment failed: reason in errno text; 507/503 */
    REMUX_E_CANCELLED
};

/* What became of a finished segment. */
struct remux_segment {
    struct id object; /* the id that was asked for it */
    struct seal_result sealed;
    const uint8_t *index_bytes; /* coded index, borrowed until the callback returns; already decoded
                                   once and found sound */
    size_t index_n;
    const struct index *index; /* decoded, borrowed */
};

struct remux_report {
    char container[16]; /* mp4 | fmp4 | mpegts | matroska */
    bool partial;       /* the input ended before its own end */
    char notes[512]; /* what was done to it, one sentence each: "G.711 sound was turned into AAC.",
                        "An empty audio track was dropped." */
    uint64_t input_bytes;
};

/* Where a segment goes. The descriptors are duplicated, stay the caller's. */
struct remux_output {
    int fd;
    int journal_fd; /* live: its journal (recording/journal.h); else -1 */
    struct seal_params seal;
    bool fresh; /* live: a new recording begins with it; its media zero is 0 again */
};
/* Live: the init, and what it says. */
struct remux_init {
    const char *container; /* as in struct remux_report */
    const uint8_t *p;
    size_t n;
    const struct index *tracks; /* without samples and fragments */
};
/* Live: what was cut (recording/live_tap.h). Times are within the recording. */
struct remux_part {
    struct id object;
    uint64_t offset;
    int64_t start_90k, decode_90k;
    uint32_t duration_90k, bytes;
    bool key, first; /* first of its segment */
};

/* A piece of a push: a file that is one of many of the same recording. Its times stay the sender's,
 * so that pieces fit together whatever their order: a recording's zero lies REMUX_PUSH_BASE_90K
 * before the zero of the sender's clock, and 33-bit times are unwrapped near what is known. Sound
 * alone, or a track alone, is taken too. */
#define REMUX_PUSH_BASE_90K (INT64_C(1) << 33)
struct remux_push {
    int64_t near_90k; /* a time of the recording that is known; 0: none */
    /* Span of the piece before this one, -1: not known. A file whose clock starts anew goes behind
     * it. */
    int64_t before_from_90k, before_to_90k;
    bool joined; /* the input is several files (remux/join.h) */
};

/* Ingest: pushed bytes in, sealed segments out. */
struct remux_job;
struct remux_job_params {
    uint32_t segment_max_ms;   /* 60000 */
    uint64_t output_max_bytes; /* live: unused */
    /* An endless body: it is handed on without waiting for more, cut into parts of at most 500 ms,
     * and what its worker holds when this process dies goes into the journal. */
    bool live;
    /* The body is a journal (init and parts joined): decode times run on as they are, the recording
     * began at lead_90k on that time line. */
    bool continues;
    int64_t lead_90k;
    const struct remux_push *push; /* or NULL; copied. Not together with live or continues */
    /* Called (on the loop) before each segment: give it a file, an id and a key. Non-zero: the job
     * ends with REMUX_E_OUTPUT. Live: asked for once at the beginning, and then before the segment
     * in progress is complete, so two may be out. */
    int (*next_output)(void *arg, struct remux_output *ret_output);
    /* Live only. The init that following parts need, when it changed and when a recording begins;
     * and each part. All borrowed. */
    void (*init)(void *arg, const struct remux_init *init);
    void (*part)(void *arg, const struct remux_part *part);
    /* A segment is complete in its file (not yet synced). */
    void (*segment)(void *arg, const struct remux_segment *s);
    /* Exactly once, at the end, from the loop; status 0 or REMUX_E_. reason: one sentence for
     * people. report valid in every case. The job and its sink are gone when it returns. */
    void (*done)(void *arg, int status, const char *reason, const struct remux_report *report);
    void *arg;
};
/* REMUX_E_BUSY or 0. */
int remux_job_begin(struct remux *r, const struct remux_job_params *p,
                    struct remux_job **ret_job) MUST_CHECK;
/* Where the upload's bytes go. Its end(): COMPLETE = the whole body; BROKEN/TOO_LARGE = keep what
 * is whole (partial). */
struct sink *remux_job_sink(struct remux_job *j);
/* Idempotent; done() still follows, with REMUX_E_CANCELLED. Push nothing after it. */
void remux_job_cancel(struct remux_job *j);

/* Still: one key frame (init + one fragment's bytes, plaintext fMP4) in, one JPEG out, at most
 * max_width wide. */
typedef void remux_still_fn(void *arg, int status, const uint8_t *jpeg, size_t n);
int remux_still_begin(struct remux *r, const uint8_t *fmp4, size_t n, unsigned max_width,
                      remux_still_fn *done, void *arg) MUST_CHECK;

/* Snapshot: a JPEG from outside in, one of our own making out. */
int remux_snapshot_begin(struct remux *r, const uint8_t *jpeg, size_t n, unsigned max_width,
                         remux_still_fn *done, void *arg) MUST_CHECK;

/* Sprite: many key frames in, one JPEG of small pictures out. Tiles are given one after another. */
enum { REMUX_TILE_BYTES_MAX = 8 << 20 };
struct remux_sprite;
struct remux_sprite_params {
    unsigned tile_width, tile_height, columns, rows; /* even sizes */
    size_t max_bytes;                                /* of the JPEG, as far as quality allows */
    void (*more)(void *arg); /* after remux_sprite_tile() returned false: it can take the next */
    remux_still_fn *done;    /* exactly once, never from inside a call here; the sprite is gone */
    void *arg;
};
int remux_sprite_begin(struct remux *r, const struct remux_sprite_params *p,
                       struct remux_sprite **ret_sprite) MUST_CHECK;
/* fmp4 is malloc'd (at most REMUX_TILE_BYTES_MAX) and belongs to the sprite. True: the next may
 * come at once. */
bool remux_sprite_tile(struct remux_sprite *s, unsigned tile, uint8_t *fmp4, size_t n);
/* That was the last one. */
void remux_sprite_end(struct remux_sprite *s);
/* done() still follows, with REMUX_E_CANCELLED. */
void remux_sprite_cancel(struct remux_sprite *s);

#endif
