/* SPDX-License-Identifier: Apache-2.0 */
/* A request head as libmicrohttpd leaves it. Two bytes of lengths, then the block. What is accepted
 * must account for every byte: fields end inside the block and hold no control characters. */
#include "http/head.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char raw[HEAD_BYTES_MAX + 16];
    static struct head h;
    const char *why = NULL;
    if (size < 2 || size - 2 > sizeof(raw)) {
        return 0;
    }
    char *exact = mem_dup(data + 2, size - 2);
    int r = head_check(exact, size - 2, data[0], data[1], &h, &why);
    ALWAYS(r == 0 || r == HEAD_E_TOO_LARGE || (r == HEAD_E_BAD && why != NULL));
    for (unsigned i = 0; r == 0 && i < h.n_fields; i++) {
        const char *end = h.fields[i].value + strlen(h.fields[i].value);
        ALWAYS(end < exact + size - 2 && strlen(h.fields[i].name) > 0);
    }
    ALWAYS(r != 0 || h.http_1_0 || head_value(&h, "Host") != NULL);
    ALWAYS(r != 0 || !h.chunked || h.content_length == 0);
    free(exact);
    return 0;
}
