/* SPDX-License-Identifier: Apache-2.0 */
/* The list of parts of CompleteMultipartUpload. */
#include "ingest/s3_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct s3_manifest m;
    if (s3_manifest_parse((const char *)data, size, &m) == 0) {
        ALWAYS(m.n > 0 && m.n <= S3_PARTS_MAX);
        for (size_t i = 0; i < m.n; i++) {
            ALWAYS(m.parts[i].number >= 1 && m.parts[i].number <= S3_PARTS_MAX);
            ALWAYS(i == 0 || m.parts[i].number > m.parts[i - 1].number);
        }
        s3_manifest_finish(&m);
    }
    return 0;
}
