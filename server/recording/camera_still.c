/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/camera_still.h"

#include "crypto/seal.h"

#include <errno.h>
#include <string.h>

/* Columns of snapshot_get.sql. */
enum { COL_OBJECT, COL_KEY, COL_PLAIN, COL_SEALED, COL_TAKEN, COL_HOUSEHOLD, COL_HOUSEHOLD_KEY };

int64_t camera_still_taken(const struct db_reply *r, unsigned stmt)
{
    return db_rows(r, stmt) == 1 ? db_i64(r, stmt, 0, COL_TAKEN) : 0;
}

int camera_still_open(const struct keyring *k, const struct db_reply *r, unsigned stmt,
                      uint8_t **ret_jpeg, size_t *ret_n)
{
    size_t n, m, sealed_n;
    const uint8_t *key = db_bytes(r, stmt, 0, COL_KEY, &n);
    const uint8_t *household_key = db_bytes(r, stmt, 0, COL_HOUSEHOLD_KEY, &m);
    const uint8_t *sealed = db_bytes(r, stmt, 0, COL_SEALED, &sealed_n);
    uint64_t plain_bytes = (uint64_t)db_i64(r, stmt, 0, COL_PLAIN);
    struct seal_params p = {.household = db_id(r, stmt, 0, COL_HOUSEHOLD),
                            .object = db_id(r, stmt, 0, COL_OBJECT)};
    if (n != KEY_WRAPPED_SIZE || m != KEY_WRAPPED_SIZE || plain_bytes == 0 ||
        seal_sealed_size(plain_bytes) != sealed_n ||
        keyring_open_object(k, &p.household, household_key, &p.object, key, p.key) < 0) {
        return -EBADMSG;
    }
    uint8_t *jpeg = mem_dup(sealed + SEAL_HEADER_SIZE, sealed_n - SEAL_HEADER_SIZE);
    ssize_t opened =
        seal_open(&p, plain_bytes, SEAL_HEADER_SIZE, jpeg, sealed_n - SEAL_HEADER_SIZE);
    secret_wipe(&p, sizeof p);
    if (opened < 0) {
        free(jpeg);
        return (int)opened;
    }
    *ret_jpeg = jpeg;
    *ret_n = (size_t)opened;
    return 0;
}
