/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of one upload; shared by upload.c (the story), upload_store.c (segments to objects),
 * upload_commit.c (rows), and endless.h (bodies without a stated end). */
#ifndef INGEST_UPLOAD_OP_H
#define INGEST_UPLOAD_OP_H

#include "crypto/keyring.h"
#include "ingest/upload.h"

enum {
    UPLOAD_SEGMENTS_MAX = 2048, /* a day and a half of 60 s segments */
    UPLOAD_NOTES_MAX = 2048
};

struct journal_ref;
struct endless;
struct salvage;

/* What people want to know of a recording; stsd and samples are left out. */
struct upload_facts {
    uint32_t n;
    struct index_track tracks[INDEX_TRACKS_MAX];
};

struct upload_segment {
    struct upload *upload;
    struct id object;
    struct store_stage *stage; /* until put */
    uint8_t wrapped_key[KEY_WRAPPED_SIZE];
    struct seal_result sealed;
    uint8_t *index_bytes; /* coded, owned */
    size_t index_n;
    int64_t zero_90k, shown_from_90k, shown_to_90k; /* shown: its pictures */
    uint32_t duration_90k;
    bool registering, registered; /* its id is committed in upload_object: may be put */
    bool complete;                /* the worker has finished the file */
    bool putting, stored;
    /* of endless bodies */
    struct id recording, clip;
    int64_t start_us;           /* of its recording; 0: not known yet */
    bool fresh;                 /* its recording begins with it */
    struct upload_facts *facts; /* owned; when fresh */
    struct journal_ref *journal;
    uint64_t body_from; /* bytes of the body when its output was given */
    bool unsynced;      /* the journal has a part that is not synced */
};

/* What is committed already of the recording that is being committed. */
struct upload_span {
    bool added;  /* its row */
    bool second; /* the body has filled another one before */
    int64_t start_us;
    uint32_t sequence; /* of its next segment */
    int64_t end_90k;
    uint64_t stored_bytes;
    uint64_t body_from; /* bytes of the body when it began */
};

struct upload {
    struct sink sink; /* what http pushes into */
    struct ingest *in;
    struct upload_params p;
    struct principal camera;
    char *name, *kind, *request_id;
    struct id id, recording, clip_id;
    struct sha256 *sha256;
    struct remux_job *job;
    struct sink *inner; /* the job's */
    int64_t arrived_us, ended_us;
    int64_t told_us; /* started_us as the camera said; p.started_us is what is believed of it */
    bool late, has_offset;
    int64_t offset_us; /* the camera's clock minus ours */
    uint8_t household_wrapped[KEY_WRAPPED_SIZE];
    uint64_t max_bytes, body_bytes;
    uint8_t body_sha256[SHA256_SIZE];
    bool watch_partial; /* a partial clip of this name exists or may come to exist meanwhile */
    bool streaming;     /* http pushes into the sink: its end() will come */
    bool body_ended;    /* ... and has come */
    bool body_waived;   /* the answer is known without the rest of the body */
    bool stopped;       /* ingest_camera_stop(): what still comes runs past */
    bool job_done, finished;
    struct upload *next, **at; /* of ingest->uploads */
    unsigned pending;          /* transactions and puts under way */
    int status;                /* first failure, INGEST_E_ */
    int remux_status;
    char reason[256];
    struct remux_report report;
    struct upload_facts facts; /* of the first segment */
    struct upload_span span;
    struct endless *endless; /* NULL: the body's size was stated */
    struct salvage *salvage; /* what it is only a tool of; else NULL */
    struct id replaces;      /* partial clip (or piece) that this upload completes; zero: none */
    unsigned looks;          /* pieces: how often a partial one was looked for */
    struct upload_segment **segments;
    size_t n_segments;
    bool created;
    unsigned clip_stmt; /* where clip_add.sql is in the commit */
    struct clip clip;
    char *video_json, *audio_json, *notes_json; /* owned; what clip points to */
};

/* First failure wins. */
void upload_fail(struct upload *u, int status, const char *reason);
/* Something that was awaited has arrived: go on when nothing else is. */
void upload_settled(struct upload *u);

/* salvage.c; instead of upload_settled(). */
void salvage_settled(struct upload *u);
/* The worker may begin; the body may come. */
void upload_stream_begin(struct upload *u);
/* A body that had to wait goes on. */
void upload_resume(struct upload *u);

/* upload_store.c */
int upload_next_output(void *arg, struct remux_output *ret_output);
void upload_segment_complete(void *arg, const struct remux_segment *s);
struct upload_segment *upload_add_segment(struct upload *u, int *ret_status);
void upload_append_segment(struct upload *u, struct upload_segment *s);
struct upload_segment *upload_find_segment(const struct upload *u, const struct id *object);
void upload_put_when_ready(struct upload_segment *s);
void upload_shift_segment(struct upload *u);        /* the first is done with */
void upload_segment_free(struct upload_segment *s); /* takes NULL */
void upload_drop_segments(struct upload *u);
int64_t upload_duration_90k(const struct upload *u);

/* upload_piece.c: rows of an upload that has an attach */
void upload_piece_rows(struct upload *u, struct db_tx *tx);
/* What a failed commit of a piece means. */
enum upload_piece_refusal {
    UPLOAD_PIECE_OTHER,
    UPLOAD_PIECE_IS_THERE, /* it, or more of it */
    UPLOAD_PIECE_LOOK,     /* a part of it came in between: match again */
    UPLOAD_PIECE_ORDER
};
enum upload_piece_refusal upload_piece_refused(const struct db_reply *r);
bool upload_piece_too_long(const struct upload *u);
void upload_piece_find(struct upload *u, struct db_tx *tx);

/* abandon.c */
void upload_abandon_later(struct ingest *in, const struct id *upload);
void upload_orphan_later(struct ingest *in, const struct id *upload);

/* upload_commit.c; each ends in upload_committed(), upload_matched() or upload_abandoned() */
const struct index_track *upload_fact(const struct upload_facts *f, enum index_kind kind);
int upload_rotation(const int32_t m[9]);
void upload_match_begin(struct upload *u);
void upload_commit_begin(struct upload *u);
void upload_abandon_begin(struct upload *u);
void upload_existing_begin(struct upload *u);
enum upload_commit { UPLOAD_COMMITTED, UPLOAD_SAME_EXISTS, UPLOAD_COMMIT_FAILED };
void upload_matched(struct upload *u);
void upload_committed(struct upload *u, enum upload_commit how);
void upload_abandoned(struct upload *u);
void upload_finish(struct upload *u);
/* Late? How wrong is the camera's clock? As far as it can be told: media from start_us (what the
 * rows say) to end_us. */
void upload_judge_clock(struct upload *u, int64_t start_us, int64_t end_us);
/* Rows, in a transaction of the caller's. The clip is u->clip, filled first. */
void upload_fill_clip(struct upload *u);
unsigned upload_add_clip(struct upload *u, struct db_tx *tx);
void upload_add_recording(struct upload *u, struct db_tx *tx, const struct id *recording,
                          int64_t start_us, const struct upload_facts *facts, int64_t ended_us);
void upload_add_segment_row(const struct upload_segment *s, struct db_tx *tx,
                            const struct id *recording, int64_t start_us, uint32_t sequence);
void upload_add_ledger(struct upload *u, struct db_tx *tx, const char *action,
                       const struct id *clip);

#endif
