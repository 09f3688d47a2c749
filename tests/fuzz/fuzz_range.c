/* SPDX-License-Identifier: Apache-2.0 */
/* Range and ETag lists. The first two bytes are the size of the resource. */
#include "http/range.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    uint64_t total = (uint64_t)data[0] << 8 | data[1], first = 0, last = 0;
    char *text = mem_alloc(size, 1);
    memcpy(text, data + 2, size - 2);
    if (range_parse(text, total, &first, &last) == 0) {
        ALWAYS(first <= last && last < total);
    }
    uint64_t whole;
    if (range_content_parse(text, &first, &last, &whole) == 0) {
        ALWAYS(first <= last && last < whole);
    }
    (void)range_etag_listed(text, "\"a\"");
    ALWAYS(range_if_range(text, text));
    free(text);
    return 0;
}
