/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of one upload; shared by upload.c (the story), upload_store.c (segments to objects) and
 * upload_commit.c (rows). */
#ifndef INGEST_UPLOAD_OP_H
#define INGEST_UPLOAD_OP_H

#include "crypto/keyring.h"
#include "ingest/upload.h"

enum {
    UPLOAD_SEGMENTS_MAX = 2048, /* a day and a half of 60 s segments */
    UPLOAD_NOTES_MAX = 2048
};

struct upload_segment {
    struct upload *upload;
    struct id object;
    struct store_stage *stage; /* until put */
    uint8_t wrapped_key[KEY_WRAPPED_SIZE];
    struct seal_result sealed;
    uint8_t *index_bytes; /* coded, owned */
    size_t index_n;
    int64_t zero_90k;
    uint32_t duration_90k;
    bool registered; /* its id is committed in upload_object: may be put */
    bool complete;   /* the worker has finished the file */
    bool putting, stored;
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
    struct index_track
        facts[INDEX_TRACKS_MAX]; /* of the first segment; stsd and samples left out */
    uint32_t n_facts;
    struct id replaces; /* partial clip that this upload completes; zero: none */
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

/* upload_store.c */
int upload_next_output(void *arg, struct remux_output *ret_output);
void upload_segment_complete(void *arg, const struct remux_segment *s);
struct upload_segment *upload_add_segment(struct upload *u, int *ret_status);
void upload_drop_segments(struct upload *u);
int64_t upload_duration_90k(const struct upload *u);

/* abandon.c */
void upload_abandon_later(struct ingest *in, const struct id *upload);

/* upload_commit.c; each ends in upload_committed(), upload_matched() or upload_abandoned() */
void upload_match_begin(struct upload *u);
void upload_commit_begin(struct upload *u);
void upload_abandon_begin(struct upload *u);
void upload_existing_begin(struct upload *u);
enum upload_commit { UPLOAD_COMMITTED, UPLOAD_SAME_EXISTS, UPLOAD_COMMIT_FAILED };
void upload_matched(struct upload *u);
void upload_committed(struct upload *u, enum upload_commit how);
void upload_abandoned(struct upload *u);
void upload_finish(struct upload *u);

#endif
