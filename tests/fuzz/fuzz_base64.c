/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever decodes has one spelling without padding in the url-safe alphabet, and fits the maximum.
 */
#include "crypto/hash.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096) {
        return 0;
    }
    const char *text = (const char *)data;
    uint8_t *out = mem_alloc(size + 1, 1);
    ssize_t n = base64_decode(text, size, out, size);
    if (n >= 0) {
        char *again = mem_alloc((size_t)n * 4 / 3 + 4, 1);
        base64url(out, (size_t)n, again);
        size_t digits = strlen(again);
        ALWAYS(digits <= size);
        for (size_t i = 0; i < digits; i++) {
            char c = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
            ALWAYS(c == again[i]);
        }
        ALWAYS(n == 0 || base64_decode(text, size, out, (size_t)n - 1) < 0);
        free(again);
    }
    free(out);
    return 0;
}
