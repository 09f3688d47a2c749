/* SPDX-License-Identifier: Apache-2.0 */
/* For `doorward check`: the rows of keeping agree with each other, and every tombstone is signed by
 * the key it names as it stands. Changes nothing. */
#ifndef RETENTION_VERIFY_H
#define RETENTION_VERIFY_H

#include "base/loop.h"
#include "db/db.h"

enum verify_kind {
    VERIFY_ROW,       /* rows that cannot be */
    VERIFY_TOMBSTONE, /* its signature does not fit: it was changed */
    VERIFY_KINDS
};
const char *verify_kind_name(enum verify_kind k);

struct verify_params {
    struct loop *loop; /* made for this: it is run until each answer is there */
    struct db *db;
    void (*finding)(void *arg, enum verify_kind k, const char *what, const struct id *row);
    void *arg;
};
struct verify_result {
    uint64_t tombstones, found[VERIFY_KINDS];
};
/* Blocking. 0 also when there are findings; -EIO when the database does not answer. */
int verify_run(const struct verify_params *p, struct verify_result *ret_result) MUST_CHECK;

#endif
