/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "base/buf.h"

static void overflow_drops_and_sticks(void **state)
{
    struct buf b = BUF_INIT(4);
    buf_str(&b, "abc");
    buf_str(&b, "de");
    assert_true(b.overflow);
    assert_string_equal((char *)b.data, "abc");
    buf_str(&b, "x");
    assert_int_equal(b.len, 3);
    buf_finish(&b);
}

static void integers_are_big_endian(void **state)
{
    struct buf b = BUF_INIT(64);
    buf_be16(&b, 0x0102);
    buf_be24(&b, 0x030405);
    buf_be32(&b, 0x06070809);
    buf_be64(&b, 0x0a0b0c0d0e0f1011);
    for (size_t i = 0; i < b.len; i++) {
        assert_int_equal(b.data[i], i + 1);
    }
    assert_int_equal(b.len, 17);
    buf_finish(&b);
}

static void consume_keeps_the_rest(void **state)
{
    struct buf b = BUF_INIT(64);
    buf_printf(&b, "%d-%s", 42, "rest");
    buf_consume(&b, 3);
    assert_string_equal((char *)b.data, "rest");
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_drops_and_sticks),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(consume_keeps_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
