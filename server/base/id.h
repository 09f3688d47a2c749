/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: UUIDv7 (RFC 9562): time-ordered, 74 random bits. Text form is lower-case 8-4-4-4-12.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/status.h"

#include <stdbool.h>

enum { ID_TEXT_SIZE = 37 };

struct id {
    uint8_t b[16];
};

struct id id_new(void);
bool id_equal(const struct id *a, const struct id *b);
bool id_is_zero(const struct id *a);
void id_format(const struct id *id, char *out);            /* out holds ID_TEXT_SIZE bytes */
int id_parse(const char *s, struct id *ret_id) MUST_CHECK; /* -EINVAL; either case accepted */

#endif
