/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of tus: whatever is taken is bounded text, and parts are counted right. */
#include "api/tus_header.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tus_metadata m;
    enum checksum_kind kind;
    uint8_t value[CHECKSUM_MAX];
    struct id parts[3];
    enum tus_concat what;
    size_t n;
    char *text = mem_alloc(size + 1, 1);
    memcpy(text, data, size);
    if (tus_metadata_parse(text, &m) == 0) {
        ALWAYS(strnlen(m.name, sizeof m.name) < sizeof m.name);
        ALWAYS(strnlen(m.kind, sizeof m.kind) < sizeof m.kind);
        ALWAYS(strnlen(m.started_at, sizeof m.started_at) < sizeof m.started_at);
    }
    if (tus_checksum_parse(text, &kind, value) == 0) {
        ALWAYS(kind == CHECKSUM_SHA1 || kind == CHECKSUM_SHA256);
    }
    if (tus_concat_parse(text, parts, ARRAY_LEN(parts), &what, &n) == 0) {
        ALWAYS(n <= ARRAY_LEN(parts) && (what == TUS_FINAL) == (n > 0));
    }
    free(text);
    return 0;
}
