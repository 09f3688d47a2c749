/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of one check; shared by check.c (the order, repairs), check_rows.c (rows -> objects) and
 * check_objects.c (objects -> rows). */
#ifndef RECORDING_CHECK_OP_H
#define RECORDING_CHECK_OP_H

#include "recording/check.h"

enum { CHECK_PAGE = 500 };

struct check_row {
    struct id id, owner; /* household, or grant of a granted copy */
    uint64_t plain_bytes, sealed_bytes;
    uint8_t digest[SHA256_SIZE], wrapped_key[KEY_WRAPPED_SIZE], owner_key[KEY_WRAPPED_SIZE];
};

struct check_owned {
    struct id id;
    int64_t rows, garbage, uploads;
};

struct check {
    const struct check_params *p;
    struct check_result *result;
    char *reason;
    size_t reason_size;
    int db_status, store_status; /* of the last answer */
    /* answers, copied out of the callbacks */
    struct check_row rows[CHECK_PAGE];
    int n_rows;
    struct check_owned owned[CHECK_PAGE];
    int n_owned;
    uint64_t size;
    uint8_t *bytes;
    size_t n_bytes;
    /* objects listed and not yet asked about */
    struct id listed[CHECK_PAGE];
    int n_listed;
    /* orphans, to be deleted at the end when that is wanted: at most orphans_cap */
    struct id *orphans;
    size_t n_orphans, orphans_cap;
};

/* One sentence into reason; returns -EIO. */
int check_cannot(struct check *c, const char *sentence);
void check_found(struct check *c, enum check_kind k, const char *name);
void check_found_object(struct check *c, enum check_kind k, const struct id *object);
/* Ask and wait. -EIO when the database does not answer; the store's status is in store_status. */
int check_ask_rows(struct check *c, const struct id *after);
int check_ask_owners(struct check *c, const struct id *ids, int n);
void check_stat(struct check *c, const struct id *object);
void check_get(struct check *c, const struct id *object, uint64_t offset, size_t n);

int check_rows(struct check *c);
int check_objects(struct check *c);

#endif
