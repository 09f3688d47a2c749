/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the spool: one body as the process knows it, and the blocking work on its file. Shared
 * by spool.c (which bodies are known), body.c (the file), writer.c and source.c. */
#ifndef STORAGE_SPOOL_BODY_H
#define STORAGE_SPOOL_BODY_H

#include "base/list.h"
#include "crypto/record.h"
#include "storage/spool/spool.h"

#include <pthread.h>

enum {
    BODY_HEAD_SIZE = 32,
    BODY_RECORD_HEAD_SIZE = 8,
    BODY_RECORD_MAX = 65536,
    BODY_RECORD_SEALED_MAX = BODY_RECORD_HEAD_SIZE + BODY_RECORD_MAX + RECORD_OVERHEAD,
    BODY_BATCH_MAX = 8 * BODY_RECORD_MAX /* plain bytes of one piece of work */
};

/* A place between two records. */
struct body_mark {
    uint64_t plain, file, records;
};

struct spool_writer;
struct spool_body {
    struct spool *spool;
    struct spool_ref ref;
    /* under the spool's lock */
    struct spool_body *next_in_bucket;
    struct list idle; /* on the spool's list while refs is 0 */
    unsigned refs;
    struct spool_writer *holder; /* of the newest claim */
    /* under lock, which is held only on pool threads */
    pthread_mutex_t lock;
    uint64_t epoch;
    uint8_t key[RECORD_KEY_SIZE];
    int fd; /* -1: not open */
    bool loaded, broken;
    bool tail_tentative; /* between synced and end lie bytes that do not count yet */
    struct body_mark synced, end;
};

/* ---- spool.c ---- */
/* SPOOL_E_BUSY when too many are in use. */
int spool_body_get(struct spool *s, const struct spool_ref *ref, struct spool_body **ret_body);
/* Takes NULL. */
void spool_body_put(struct spool_body *b);
/* The newest claim's writer takes the body; returns the one it fences with a reference for the
 * caller, or NULL. */
struct spool_writer *spool_body_hold(struct spool_body *b, struct spool_writer *w);
void spool_body_let_go(struct spool_body *b, const struct spool_writer *w);
int spool_area_fd(const struct spool *s, enum spool_area area);
int spool_room(const struct spool *s); /* 0 or SPOOL_E_FULL */
void spool_count(struct spool *s, int by);

/* ---- body.c: on pool threads, under the body's lock. 0 or SPOOL_E_ ---- */
int body_load(struct spool_body *b) MUST_CHECK;
/* Appends n <= BODY_BATCH_MAX bytes as records, not yet synced. firm: the last record makes
 * everything before it count, even when n is 0. */
struct body_batch {
    const uint8_t *p;
    size_t n;
    bool tentative; /* records that do not count ... */
    bool firm;      /* ... but for the last one */
};
int body_append(struct spool_body *b, const struct body_batch *batch) MUST_CHECK;
int body_sync(struct spool_body *b) MUST_CHECK;
/* Back to what is synced; the body is broken when that fails. */
void body_cut(struct spool_body *b);
/* What a fenced writer left: kept and synced, or cut off when it was tentative. */
int body_settle(struct spool_body *b) MUST_CHECK;
int body_remove(struct spool_body *b) MUST_CHECK;
int body_reader_open(struct spool_body *b, int *ret_fd, struct body_mark *ret_end) MUST_CHECK;

/* Reads records from *at (of any thread's own descriptor) to at most end: plain bytes packed to the
 * front of out, at most BODY_BATCH_MAX. Advances *at. Returns their count or a negative errno. */
struct body_read {
    const struct spool_ref *ref;
    const uint8_t *key;
    int fd;
    struct body_mark at, end;
};
ssize_t body_read_batch(struct body_read *r, uint8_t *out);

/* ---- writer.c ---- */
void spool_writer_fence(struct spool_writer *w); /* any thread; takes NULL, drops the reference */
void spool_writer_ref(struct spool_writer *w);

#endif
