/* SPDX-License-Identifier: Apache-2.0 */
/* One upload, from an authenticated camera to a committed clip. Callers: api/ingest.c.
 *
 *   open    row `upload` and its first object id committed; quota, switch and precondition checked;
 * room and a worker taken stream  body -> SHA-256 -> jailed worker -> sealed segments in staged
 * files (back-pressure all the way) put     each finished segment becomes a synced object, owned by
 * the upload row until the commit match   is there a partial clip of the same name that this one
 * begins with? commit  recording, segments, clip, ledger entry, and the upload row's end in one
 * transaction settle  not committed: what was put becomes garbage and the upload row goes; same
 * bytes again: the clip that is there
 *
 * Nothing is acknowledged before `commit` succeeded. Pull the plug at any step: recording/recover.h
 * undoes the rest. */
#ifndef INGEST_UPLOAD_H
#define INGEST_UPLOAD_H

#include "base/stream.h"
#include "ingest/attach.h"
#include "ledger/principal.h"
#include "recording/clip.h"
#include "remux/remux.h"
#include "storage/store.h"

struct keyring;
struct spool;
struct live_tap_ops;

enum {
    INGEST_E_NO_CAMERA = 1, /* removed, or switched off by its owner */
    INGEST_E_QUOTA,         /* the camera's storage is used up */
    INGEST_E_FULL,          /* the store has no room */
    INGEST_E_EXISTS,        /* If-None-Match: * and the name is taken */
    INGEST_E_BUSY,          /* too many uploads of this camera, or of this server */
    INGEST_E_UNAVAILABLE,   /* database or store do not answer */
    INGEST_E_MEDIA,         /* see upload_result.remux_status and reason */
    INGEST_E_TOO_LARGE,     /* the body passed the limit */
    INGEST_E_REFUSED,       /* the body ended STREAM_REFUSED: who fed it knows why */
    INGEST_E_INTERNAL,
    INGEST_E_TOO_LONG, /* pieces: upload_attach.max_90k */
    INGEST_E_ORDER     /* pieces: its number and its time contradict those that are there */
};

/* One per loop; the caller fills it and keeps it until uploads_live() is 0. */
struct ingest {
    struct loop *loop;
    const struct log *log;
    struct db *db;
    struct store *store;
    struct spool *spool; /* of the process: bodies that are not footage yet */
    struct remux *remux;
    const struct keyring *keyring;
    const char *node;
    uint32_t segment_max_ms;
    uint64_t upload_max_bytes; /* of an endless body: of one clip, then it goes on in another */
    int64_t resumable_keep_us; /* a body of several requests waits so long for more */
    int64_t resumable_idle_us; /* ... when nobody said how long it is */
    const char *journal_dir;   /* DATA_DIR/journal */
    const struct live_tap_ops *tap; /* who shows endless bodies while they arrive; NULL: nobody */
    void *tap_arg;
    bool draining; /* ingest_drain() was called */
    unsigned live;
    unsigned piece_works; /* piece_work.h */
    bool piece_asking, piece_again;
    struct upload *uploads; /* those under way; the uploads' own */
};
/* The camera was switched off: its uploads on this loop end now; what they hold is kept. Each
 * answers INGEST_E_NO_CAMERA, or as a clip that breaks off when something was kept. */
void ingest_camera_stop(struct ingest *in, const struct id *camera);
/* The server stops: bodies without an end end now, others go on; wait for live to become 0. */
void ingest_drain(struct ingest *in);

struct upload;
struct upload_result {
    int status;         /* 0 or INGEST_E_ */
    int remux_status;   /* REMUX_E_ when status is INGEST_E_MEDIA */
    const char *reason; /* one sentence, or NULL */
    bool created;       /* false: the same camera, name and bytes were there already */
    const struct clip *clip;
};
struct upload_params {
    const struct principal *camera;
    const char *name; /* "" when posted without one */
    const char *kind;
    int64_t started_us;    /* by the camera's clock; 0: worked out from the arrival */
    int64_t camera_now_us; /* that clock when it sent this (Date); 0: not told */
    bool only_new;         /* If-None-Match: * */
    /* Or SOURCE_UNKNOWN_SIZE: a body that may never end. It is journaled, shown live, and becomes
     * footage segment by segment while it arrives (docs/design/streams.md). */
    uint64_t declared_bytes;
    const char *request_id;
    /* NULL: it makes a recording and a clip of its own. Borrowed until done(). Not journaled, not
     * shown live, whatever its size. */
    const struct upload_attach *attach;
    /* The body may come: push it into upload_sink(), at most max_bytes. Not called when opening
     * fails. */
    void (*opened)(void *arg, uint64_t max_bytes);
    /* Exactly once, the last call; result borrowed. The upload is gone afterwards. */
    void (*done)(void *arg, const struct upload_result *r);
    void *arg;
};
/* Strings are copied. Neither callback is called before this returns. */
struct upload *upload_begin(struct ingest *in, const struct upload_params *p);
struct sink *upload_sink(struct upload *u);
/* What is told only after the bytes (a form's later parts); before the sink's end(), and not of a
 * body without a declared length. kind NULL, started_us 0: as it was. */
void upload_describe(struct upload *u, const char *kind, int64_t started_us);

#endif
