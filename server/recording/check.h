/* SPDX-License-Identifier: Apache-2.0 */
/* Proves that rows and objects agree (docs/design/recording.md, invariants 1 and 2), beside a
 * running server or without one. Changes nothing unless a repair is switched on. What only looks
 * wrong because the server works meanwhile is looked at twice before it is told. */
#ifndef RECORDING_CHECK_H
#define RECORDING_CHECK_H

#include "crypto/keyring.h"
#include "db/db.h"
#include "storage/store.h"

enum check_level {
    CHECK_PRESENCE, /* the object of every committed row is there */
    CHECK_SIZE,     /* ... with the row's size */
    CHECK_DIGEST    /* ... and every byte opens and the digest is the row's; reads everything */
};

enum check_kind {
    CHECK_MISSING,    /* committed row without its object: footage is lost */
    CHECK_WRONG_SIZE, /* the object has another size than its row says */
    CHECK_DAMAGED,    /* the bytes are not those that were sealed, or the key does not open */
    CHECK_ORPHAN,     /* object that nobody owns */
    CHECK_TWICE,      /* object with more than one owner */
    CHECK_FOREIGN,    /* file in the store that is no object */
    CHECK_KINDS
};
const char *check_kind_name(enum check_kind k); /* "missing_object" ... */

struct check_params {
    struct loop *loop; /* made for this: it is run until each answer is there */
    struct db *db;
    struct store *store;
    const struct keyring *keyring; /* for CHECK_DIGEST */
    enum check_level level;
    bool finish_garbage, delete_orphans;
    uint64_t orphans_max; /* refuse to delete more; 0: one in a hundred objects, at least 10 */
    /* Each finding as it is made. name: the object's key, or the strange file. */
    void (*finding)(void *arg, enum check_kind k, const char *name);
    void *arg;
};
struct check_result {
    uint64_t rows, objects, object_bytes;
    uint64_t garbage, uploads; /* waiting at the end; not findings */
    uint64_t found[CHECK_KINDS];
    uint64_t garbage_finished, orphans_deleted;
    bool stopped; /* more orphans than orphans_max: none was deleted */
};

/* Blocking. 0 also when there are findings; -EIO when it could not look, reason then holds one
 * sentence. */
int check_run(const struct check_params *p, struct check_result *ret_result, char *reason,
              size_t size) MUST_CHECK;

#endif
