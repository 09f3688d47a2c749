/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a JSON body strictly: unknown members, wrong types and lengths out of bounds are answered
 * here, with a JSON pointer to the place. All return false when they have answered. */
#ifndef API_FIELDS_H
#define API_FIELDS_H

#include "api/api.h"

/* No members but these (NULL-ended list). */
bool api_fields_known(struct http_exchange *x, const json_t *body, const char *const *names);
struct api_text_field {
    const char *name;
    size_t min, max; /* characters */
    bool optional;   /* absent or null: *ret is NULL */
    bool single_line;
};
/* Well-formed text; *ret is borrowed from body. */
bool api_field_text(struct http_exchange *x, const json_t *body, const struct api_text_field *f,
                    const char **ret);
/* RFC 3339, required. */
bool api_field_time(struct http_exchange *x, const json_t *body, const char *name, int64_t *ret_us);
/* A list of 1..max different ids; ret_ids has room for max. */
bool api_field_ids(struct http_exchange *x, const json_t *body, const char *name, size_t max,
                   struct id *ret_ids, size_t *ret_n);

#endif
