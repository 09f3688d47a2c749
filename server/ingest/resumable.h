/* SPDX-License-Identifier: Apache-2.0 */
/* A body that comes in several requests: a row, a spooled body, and in the end an ordinary upload
 * (docs/design/resumable.md). Two protocols share it: `Content-Range` appends, where the body is
 * known by its name, and tus, where it has an id. Callers: api.
 *
 * Every function tells its result once by done(), never before it returned; the result and what it
 * points to are borrowed. Whoever comes last has the body: looking at it or appending to it takes
 * it from a connection that still trickles. */
#ifndef INGEST_RESUMABLE_H
#define INGEST_RESUMABLE_H

#include "crypto/checksum.h"
#include "ingest/upload.h"

enum {
    RESUMABLE_E_NOT_FOUND = 1,
    RESUMABLE_E_OFFSET,     /* the append does not begin where the body ends; offset says where */
    RESUMABLE_E_LENGTH,     /* another length than was declared, or past it */
    RESUMABLE_E_FENCED,     /* a newer connection has the body now */
    RESUMABLE_E_CHECKSUM,   /* the bytes are not those promised; nothing of them was kept */
    RESUMABLE_E_UNFINISHED, /* join: a part is not whole yet */
    RESUMABLE_E_FINAL,      /* it is joined of others: it takes no bytes */
    RESUMABLE_E_CLOSED,     /* whole already: it is becoming a clip, or waits to be joined */
    RESUMABLE_E_TOO_LARGE,
    RESUMABLE_E_FULL,
    RESUMABLE_E_QUOTA,
    RESUMABLE_E_BUSY,
    RESUMABLE_E_NO_CAMERA,
    RESUMABLE_E_UNAVAILABLE,
    RESUMABLE_E_UPLOAD /* see upload: whole, but it did not become a clip */
};

struct spool_ref;
struct resumable_result {
    int status;
    struct id id;
    uint64_t offset;   /* bytes that are safe */
    uint64_t declared; /* or SOURCE_UNKNOWN_SIZE */
    int64_t expires_us;
    const char *metadata;
    bool joined; /* to become a part of another */
    bool final;  /* is joined of these parts */
    const struct spool_ref *parts;
    size_t n_parts;
    const struct upload_result *upload; /* NULL unless it became (or did not become) a clip now */
    struct id clip;                     /* what it became earlier; else zero */
};
typedef void resumable_done_fn(void *arg, const struct resumable_result *r);

/* Strings are copied. */
struct resumable_create_params {
    const struct principal *camera;
    const char *name, *kind, *metadata;
    int64_t started_us;    /* 0: not told */
    int64_t camera_now_us; /* its clock now; 0: not told. Corrects started_us */
    uint64_t declared;     /* or SOURCE_UNKNOWN_SIZE */
    bool joined;
    resumable_done_fn *done;
    void *arg;
};
void resumable_create(struct ingest *in, const struct resumable_create_params *p);

struct resumable_append_params {
    const struct principal *camera;
    struct id id;     /* tus; zero: by name, made when it begins at 0 */
    const char *name; /* by name only, like the next two */
    const char *kind;
    int64_t started_us, camera_now_us; /* as in resumable_create_params */
    bool anew; /* a client that cannot resume begins: what is open under the name is closed */
    uint64_t offset;
    uint64_t length;   /* of this append, or SOURCE_UNKNOWN_SIZE */
    uint64_t declared; /* of the whole, as far as this request tells; or SOURCE_UNKNOWN_SIZE */
    bool checked;      /* keep the bytes only when they have this checksum */
    enum checksum_kind checksum;
    uint8_t want[CHECKSUM_MAX];
    const char *request_id;
    /* The bytes may come, at most max_bytes. Not called when it fails before. */
    void (*opened)(void *arg, struct sink *sink, uint64_t max_bytes);
    resumable_done_fn *done;
    void *arg;
};
void resumable_append(struct ingest *in, const struct resumable_append_params *p);

struct resumable_which {
    const struct principal *camera;
    struct id id;     /* zero: by name */
    const char *name; /* copied */
    resumable_done_fn *done;
    void *arg;
};
/* How far it is. */
void resumable_look(struct ingest *in, const struct resumable_which *w);
/* Give it up, bytes and all. */
void resumable_end(struct ingest *in, const struct resumable_which *w);

enum { RESUMABLE_PARTS_MAX = 1000 };
struct resumable_join_params {
    const struct principal *camera;
    const struct id *parts; /* in this order */
    size_t n_parts;         /* 1 .. RESUMABLE_PARTS_MAX */
    const char *name, *kind, *metadata, *request_id;
    int64_t started_us, camera_now_us; /* as in resumable_create_params */
    resumable_done_fn *done;           /* when it is a clip */
    void *arg;
};
void resumable_join(struct ingest *in, const struct resumable_join_params *p);

/* Closes what nothing more comes for, makes clips of what a crash or a full disk left, forgets what
 * is old, and at start removes files that no row knows. One a server. */
struct resumable_keeper;
struct resumable_keeper *resumable_keeper_create(struct ingest *in);
/* What is under way ends by itself (ingest.live). Takes NULL. */
struct resumable_keeper *resumable_keeper_destroy(struct resumable_keeper *k);

#endif
