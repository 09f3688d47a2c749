/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what remains of footage that was erased, as a text that the server signs and anybody can
 * check (docs/design/keeping.md has its form). */
#ifndef RETENTION_TOMBSTONE_H
#define RETENTION_TOMBSTONE_H

#include "crypto/sign.h"
#include "db/db.h"

#define TOMBSTONE_PURPOSE "tombstone-signature" /* of the key, see crypto/sign.h */
enum { TOMBSTONE_TEXT_MAX = 1024 };
/* The signed text of row `row` of tombstone_unsigned or tombstone_list. Returns its length. */
size_t tombstone_text(const struct db_reply *r, unsigned stmt, int row,
                      char ret_text[TOMBSTONE_TEXT_MAX]);
/* Row of tombstone_list. */
bool tombstone_verify(const struct db_reply *r, unsigned stmt, int row);

#endif
