/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "crypto/record.h"

#include <errno.h>

static const uint8_t key[RECORD_KEY_SIZE] = {1, 2, 3};
static const struct record_place here = {.key = key, .ad = "camera 1, record 7", .ad_n = 18};

static void what_was_sealed_opens(void **state)
{
    uint8_t sealed[5 + RECORD_OVERHEAD], plain[5];
    record_seal(&here, "hello", 5, sealed);
    assert_int_equal(record_open(&here, sealed, sizeof sealed, plain), 0);
    assert_memory_equal(plain, "hello", 5);
    assert_int_equal(record_open(&here, sealed, sizeof sealed, sealed + RECORD_NONCE_SIZE), 0);
    assert_memory_equal(sealed + RECORD_NONCE_SIZE, "hello", 5);
}

static void nothing_at_all_can_be_sealed(void **state)
{
    uint8_t sealed[RECORD_OVERHEAD], plain[1];
    record_seal(&here, NULL, 0, sealed);
    assert_int_equal(record_open(&here, sealed, sizeof sealed, plain), 0);
}

static void another_place_or_key_does_not_open(void **state)
{
    static const uint8_t other_key[RECORD_KEY_SIZE] = {9};
    const struct record_place elsewhere = {.key = key, .ad = "camera 1, record 8", .ad_n = 18};
    const struct record_place stranger = {.key = other_key, .ad = here.ad, .ad_n = here.ad_n};
    uint8_t sealed[5 + RECORD_OVERHEAD], plain[5];
    record_seal(&here, "hello", 5, sealed);
    assert_int_equal(record_open(&elsewhere, sealed, sizeof sealed, plain), -EBADMSG);
    assert_int_equal(record_open(&stranger, sealed, sizeof sealed, plain), -EBADMSG);
}

static void every_changed_bit_is_found(void **state)
{
    uint8_t sealed[5 + RECORD_OVERHEAD], plain[5];
    record_seal(&here, "hello", 5, sealed);
    for (size_t i = 0; i < sizeof sealed * 8; i++) {
        sealed[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(record_open(&here, sealed, sizeof sealed, plain), -EBADMSG);
        sealed[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(record_open(&here, sealed, RECORD_OVERHEAD - 1, plain), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens),
        cmocka_unit_test(nothing_at_all_can_be_sealed),
        cmocka_unit_test(another_place_or_key_does_not_open),
        cmocka_unit_test(every_changed_bit_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
