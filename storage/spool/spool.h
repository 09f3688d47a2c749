/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are not footage yet: raw bytes on local disk that grow append by append and survive
 * anything that was acknowledged. Callers: ingest. One per process; every function may be called
 * on any loop's thread, and done() comes on the loop that was given, once, never before the call
 * returned. Nothing here blocks a loop.
 *
 * A body is a file of sealed records (docs/design/resumable.md). Its size is what is *synced*: a
 * size told by this header may be told to the camera. A crash leaves it at some record's end at or
 * after the last size told; a failed sync cuts it back to the last size told. A body that was never
 * written, or was deleted, is a body of size 0: make its row first, delete its row last.
 *
 * One body has one writer: the newest claim. An older one is fenced at once - it writes nothing
 * more and its done() says SPOOL_E_FENCED - so a camera that lost its connection need not wait. */
#ifndef STORAGE_SPOOL_SPOOL_H
#define STORAGE_SPOOL_SPOOL_H

#include "base/id.h"
#include "base/loop.h"
#include "base/stream.h"

enum {
    SPOOL_E_FULL = 1,   /* below the low-water mark, ENOSPC, EDQUOT: answer 507 */
    SPOOL_E_FENCED,     /* a newer claim, or a delete, has taken the body away: answer 409 */
    SPOOL_E_BUSY,       /* too many bodies open at once: answer 429 */
    SPOOL_E_UNAVAILABLE /* the disk fails, or a record does not open: answer 503 */
};

/* Whose bodies: each area is a folder of its own, with its own rows in the database. */
enum spool_area { SPOOL_RESUMABLE, SPOOL_PIECES, SPOOL_S3, SPOOL_AREAS };
struct spool_ref {
    enum spool_area area;
    struct id owner; /* camera; bound into every record: another's bytes never open */
    struct id body;
};

struct spool;
struct spool_params {
    const char *dir;          /* made when missing */
    uint8_t key[32];          /* keyring_derive(k, "spool"); copied */
    uint64_t low_water_bytes; /* refuse to write when less is free; 0: see low_water.h */
};
/* Blocking, at start. Negative errno. */
int spool_create(const struct spool_params *p, struct spool **ret_spool) MUST_CHECK;
/* When nothing is under way any more (else it stays as it is). Takes NULL. */
struct spool *spool_destroy(struct spool *s);
/* Claims, sources and deletes that are alive. */
unsigned spool_busy(struct spool *s);

/* ---- writing ---- */
struct spool_writer;
/* The body is this claim's now; size is what is synced. On failure w is NULL. */
typedef void spool_claimed_fn(void *arg, int status, struct spool_writer *w, uint64_t size);
void spool_claim(struct spool *s, struct loop *l, const struct spool_ref *ref,
                 spool_claimed_fn *done, void *arg);
/* Give the claim back unused. It must not have been begun. Takes NULL. */
struct spool_writer *spool_release(struct spool_writer *w);

struct spool_append_params {
    /* All or nothing: when the append ends broken (or the server dies in it) the body is what it
     * was before. For bytes that come with a checksum. Otherwise what came is kept. */
    bool tentative;
    /* The append is over: size is the synced size, also after a failure. The writer is gone. Comes
     * after the sink's end(), or earlier when there is nothing more to be had (fenced, disk full);
     * the sink then takes and drops the rest and end() is still expected. */
    void (*done)(void *arg, int status, uint64_t size);
    void *arg;
};
/* Append at the end of a claimed body: push into the sink returned. Synced before done(). */
struct sink *spool_append(struct spool_writer *w, const struct spool_append_params *p);

/* ---- reading, deleting ---- */
/* Synced size, without claiming. */
void spool_size(struct spool *s, struct loop *l, const struct spool_ref *ref,
                void (*done)(void *arg, int status, uint64_t size), void *arg);
/* n >= 1 bodies one after another, each as long as it is when its turn comes; refs are copied. The
 * size is unknown (the caller may set it). -EBADMSG when a record does not open. */
struct source *spool_source(struct spool *s, struct loop *l, const struct spool_ref *refs,
                            size_t n);
/* Fences the bodies' writers and removes the files; what is not there is a success. Readers under
 * way read on. done may be NULL. */
void spool_delete(struct spool *s, struct loop *l, const struct spool_ref *refs, size_t n,
                  void (*done)(void *arg, int status), void *arg);
/* Blocking, for start-up (pool thread): every body of an area, whoever owns it. Return non-zero
 * from each to stop. The owner is not known here: ref->owner is zero. */
int spool_list(struct spool *s, enum spool_area area,
               int (*each)(void *arg, const struct id *body, uint64_t file_bytes),
               void *arg) MUST_CHECK;
/* Blocking: remove a body that no row knows, found by spool_list(). */
int spool_remove(struct spool *s, enum spool_area area, const struct id *body) MUST_CHECK;

#endif
