/* SPDX-License-Identifier: Apache-2.0 */
/* Objects by key: immutable once put, gone after delete. Callers: recording, playback, share,
 * cmd/check. Driver authors: read driver.h. A store belongs to one loop; several stores (one per
 * loop) may share one place. Knows no SQL and no video. */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include "base/id.h"
#include "base/loop.h"

#include <stdbool.h>

enum {
    STORE_E_NOT_FOUND = 1,
    STORE_E_FULL,        /* below the low-water mark, ENOSPC, EDQUOT: answer 507 */
    STORE_E_EXISTS,      /* an object with that key is there already */
    STORE_E_UNAVAILABLE, /* the store does not answer, I/O error: answer 503 */
    STORE_E_SHORT        /* the object is shorter than the range asked for */
};

enum { STORE_KEY_SIZE = 96 };
/* The only place that builds keys: "seg/<2 hex>/<2 hex>/<id>" (fan-out by the random end of the
 * id). */
void store_key(const struct id *object, char ret_key[STORE_KEY_SIZE]);
int store_key_parse(const char *key, struct id *ret_object) MUST_CHECK; /* -EINVAL */

struct store;
const char *store_name(const struct store *s); /* "fs", "fault(fs)" */

/* ---- putting ----
 * A stage is a private file in the driver's staging place: written (by the jailed worker) through
 * its descriptor, then put. What a crash leaves there is removed by store_recover(). */
struct store_stage;
int store_stage(struct store *s, struct store_stage **ret_stage)
    MUST_CHECK;                                   /* STORE_E_FULL, STORE_E_UNAVAILABLE, -EMFILE */
int store_stage_fd(const struct store_stage *st); /* read-write, stays the stage's */
/* From now on the descriptor does direct I/O, where the file system can: who writes it does so in
 * whole blocks of STORE_STAGE_BLOCK, from memory aligned alike. */
enum { STORE_STAGE_BLOCK = 4096 };
void store_stage_direct(struct store_stage *st);
struct store_stage *store_stage_drop(struct store_stage *st); /* takes NULL */

typedef void store_done_fn(void *arg, int status); /* 0, STORE_E_ or negative errno */
/* Make the staged bytes the object `key`: synced file, name and directory when done(arg, 0) is
 * called. Owns the stage in every case. The file is size bytes long or up to a
 * block longer, which is cut off; else STORE_E_SHORT. done exactly once, never before this returns.
 */
void store_put(struct store *s, struct store_stage *st, const char *key, uint64_t size,
               store_done_fn *done, void *arg);

/* ---- getting ---- */
/* n bytes at offset, on the loop: p is a malloc'd buffer that now belongs to the callback (NULL
 * unless status is 0). */
typedef void store_got_fn(void *arg, int status, uint8_t *p, size_t n);
struct store_get_params {
    const char *key; /* copied */
    uint64_t offset;
    size_t n; /* 1 .. 16 MiB */
    /* Optional, runs on the pool thread on the bytes read (decryption): returns the new length or a
     * negative errno. map_arg must live until done. */
    ssize_t (*map)(void *map_arg, uint8_t *p, size_t n);
    void *map_arg;
    store_got_fn *done;
    void *arg;
};
void store_get(struct store *s, const struct store_get_params *p);
typedef void store_stat_fn(void *arg, int status, uint64_t size);
void store_stat(struct store *s, const char *key, store_stat_fn *done, void *arg);
/* Deleting what is not there is a success. Durable when done. */
void store_delete(struct store *s, const char *key, store_done_fn *done, void *arg);

/* ---- for check and start-up; blocking ---- */
/* Every object once, in any order; stop early by returning non-zero from each. */
int store_list(struct store *s, int (*each)(void *arg, const char *key, uint64_t size),
               void *arg) MUST_CHECK;
/* Remove what earlier processes left in the staging place. */
int store_recover(struct store *s, unsigned *ret_removed) MUST_CHECK;
/* Is there room, does it answer? 0 or STORE_E_ */
int store_health(struct store *s) MUST_CHECK;
/* Bytes that may be put before it refuses; -ENOTSUP when the driver cannot tell. */
int store_room(struct store *s, uint64_t *ret_bytes) MUST_CHECK;
/* Ops under way; a store may be destroyed when 0. */
unsigned store_busy(const struct store *s);
struct store *store_destroy(struct store *s);

#endif
