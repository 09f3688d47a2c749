/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/str.h"
#include "crypto/checksum.h"

/* Check values of the CRC catalogue and of the digests' standards for "123456789". */
static const struct {
    enum checksum_kind kind;
    const char *hex;
} known[] = {
    {CHECKSUM_MD5, "25f9e794323b453885f5181f1b624d0b"},
    {CHECKSUM_SHA1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
    {CHECKSUM_SHA256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
    {CHECKSUM_CRC32, "cbf43926"},
    {CHECKSUM_CRC32C, "e3069283"},
    {CHECKSUM_CRC64NVME, "ae8b14860a799888"},
};

static void the_published_check_values_come_out(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        uint8_t out[CHECKSUM_MAX];
        char hex[2 * CHECKSUM_MAX + 1];
        checksum_of(known[i].kind, "123456789", 9, out);
        str_hex(out, checksum_size(known[i].kind), hex);
        assert_string_equal(hex, known[i].hex);
    }
}

static void pieces_make_the_same_as_the_whole(void **state)
{
    uint8_t text[1000], whole[CHECKSUM_MAX], pieces[CHECKSUM_MAX];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7 + i / 13);
    }
    for (unsigned kind = 0; kind < CHECKSUM_KINDS; kind++) {
        checksum_of(kind, text, sizeof text, whole);
        for (size_t step = 1; step < 20; step++) {
            struct checksum *c = checksum_create(kind);
            for (size_t at = 0; at < sizeof text; at += step) {
                checksum_update(c, text + at, sizeof text - at < step ? sizeof text - at : step);
            }
            checksum_final(c, pieces);
            checksum_destroy(c);
            assert_memory_equal(pieces, whole, checksum_size(kind));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_check_values_come_out),
        cmocka_unit_test(pieces_make_the_same_as_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
