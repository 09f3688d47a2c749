/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera delivered through the S3 door, as rows: the memory behind HeadObject and listing
 * (docs/design/s3-door.md says why it outlives the clip). */
#ifndef INGEST_S3_OBJECT_H
#define INGEST_S3_OBJECT_H

#include "base/id.h"
#include "db/db.h"

enum {
    S3_KEY_BYTES_MAX = 255, /* a clip's name holds no more */
    S3_METADATA_MAX = 4096,
    S3_ETAG_SIZE = 48 /* hex MD5, a dash, the number of parts */
};

struct s3_object {
    const struct id *camera;
    const char *key, *etag, *content_type;
    const char *metadata;  /* lines "name:value" */
    const struct id *clip; /* NULL: an empty object */
    uint64_t bytes;
};
/* Add it to the transaction. Returns the statement's index: its row says how many segments of a
 * span are missing, null when the object ends none. */
unsigned s3_object_add(struct db_tx *tx, const struct s3_object *o);

/* What a delivery is and when it began: from the key, the event topic and a tool's own metadata.
 * What is not told or makes no sense: "other", 0. */
struct s3_hints {
    char kind[16];
    int64_t started_us;
};
void s3_object_hints(const char *key, const char *metadata, int64_t now_us,
                     struct s3_hints *ret_hints);
/* Value of a metadata name in those lines, or NULL. */
const char *s3_metadata_value(const char *metadata, const char *name, char *out, size_t size);

#endif
