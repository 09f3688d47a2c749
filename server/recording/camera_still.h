/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's newest snapshot, opened. */
#ifndef RECORDING_CAMERA_STILL_H
#define RECORDING_CAMERA_STILL_H

#include "base/buf.h"
#include "crypto/keyring.h"
#include "db/db.h"

/* When it was taken, from the row that snapshot_get.sql returned as statement stmt; 0: there is
 * none. */
int64_t camera_still_taken(const struct db_reply *r, unsigned stmt);
/* The JPEG, malloc'd. -EBADMSG: it does not open. */
int camera_still_open(const struct keyring *k, const struct db_reply *r, unsigned stmt,
                      uint8_t **ret_jpeg, size_t *ret_n) MUST_CHECK;

#endif
