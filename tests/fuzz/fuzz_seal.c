/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed bytes from a store that lies: opening must never write outside, and nothing opens but the
 * one object of that key, which the corpus holds in pieces: eight bytes, "doorward". Input:
 * plaintext size (8), sealed offset (8), both little-endian, then the bytes. */
#include "crypto/seal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct seal_params params = {.key = {1, 2, 3}};
    uint64_t plain_bytes, offset, at, n;
    uint8_t digest[SHA256_SIZE];
    if (size < 16) {
        return 0;
    }
    memcpy(&plain_bytes, data, 8);
    memcpy(&offset, data + 8, 8);
    seal_span(plain_bytes, offset, size, &at, &n);
    size_t bytes = size - 16;
    uint8_t *copy = mem_dup(data + 16, bytes);
    ssize_t opened = seal_open(&params, plain_bytes, offset, copy, bytes);
    ALWAYS(opened < 0 || (opened == 8 && memcmp(copy, "doorward", 8) == 0));
    free(copy);
    struct seal_check *c = seal_check_create(&params, plain_bytes);
    int r = seal_check_update(c, data + 16, bytes / 2);
    r = r != 0 ? r : seal_check_update(c, data + 16 + bytes / 2, bytes - bytes / 2);
    ALWAYS(r != 0 || seal_check_finish(c, digest) != 0 || plain_bytes == 8);
    seal_check_destroy(c);
    return 0;
}
