/* SPDX-License-Identifier: Apache-2.0 */
/* Schema versions: migrations/NNNN_name.sql, embedded at build, forward only, one transaction each,
 * checksummed, applied under an advisory lock. Blocking: for start-up and the migrate command,
 * never on a loop. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "base/log.h"

enum {
    MIGRATE_E_UNAVAILABLE = 1, /* cannot connect */
    MIGRATE_E_CHANGED,         /* an applied migration's text is not the one in this binary */
    MIGRATE_E_NEWER,           /* the database was made by a newer version: refuse */
    MIGRATE_E_FAILED           /* a statement failed; its transaction was rolled back */
};
/* Applies what is missing. *ret_applied = how many. Fills reason (size bytes) with one sentence on
 * failure. */
int migrate_run(const char *url, const struct log *log, unsigned *ret_applied, char *reason,
                size_t size) MUST_CHECK;

#endif
