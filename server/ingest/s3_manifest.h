/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the body of CompleteMultipartUpload - which parts, in which order, with which ETags. Not an
 * XML parser: it finds the elements it needs, and refuses what tools never send (DOCTYPE, CDATA,
 * comments, processing instructions but the first). */
#ifndef INGEST_S3_MANIFEST_H
#define INGEST_S3_MANIFEST_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { S3_PARTS_MAX = 10000, S3_MANIFEST_BYTES_MAX = 2 << 20 };

struct s3_manifest_part {
    uint32_t number;
    uint8_t md5[16]; /* of its ETag */
};
struct s3_manifest {
    struct s3_manifest_part *parts; /* owned */
    size_t n;
};
enum { S3_MANIFEST_E_MALFORMED = 1, S3_MANIFEST_E_ORDER };
/* At least one part, numbers ascending. On failure nothing is to be freed. */
int s3_manifest_parse(const char *xml, size_t n, struct s3_manifest *ret_manifest) MUST_CHECK;
void s3_manifest_finish(struct s3_manifest *m);

#endif
