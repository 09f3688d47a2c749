/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "base/str.h"

static void numbers_are_checked(void **state)
{
    uint64_t v = 5;
    assert_int_equal(str_parse_u64("18446744073709551615", UINT64_MAX, &v), 0);
    assert_true(v == UINT64_MAX);
    assert_true(str_parse_u64("18446744073709551616", UINT64_MAX, &v) < 0);
    assert_true(str_parse_u64("101", 100, &v) < 0);
    assert_true(str_parse_u64("+1", 100, &v) < 0);
    assert_true(str_parse_u64("", 100, &v) < 0);
    assert_int_equal(str_parse_u64("100", 100, &v), 0);
}

static void text_is_utf8_without_controls(void **state)
{
    assert_true(str_is_text("front d\xc3\xb6or", 11));
    assert_false(str_is_text("\xc0\x80", 2));         /* overlong */
    assert_false(str_is_text("\xed\xa0\x80", 3));     /* surrogate */
    assert_false(str_is_text("\xf4\x90\x80\x80", 4)); /* past U+10FFFF */
    assert_false(str_is_text("\xc3", 1));
    assert_false(str_is_text("a\rb", 3));
}

static void hex_goes_round(void **state)
{
    uint8_t out[2];
    char text[5];
    assert_int_equal(str_unhex("fF01", 2, out), 0);
    str_hex(out, 2, text);
    assert_string_equal(text, "ff01");
    assert_true(str_unhex("ff0", 2, out) < 0);
    assert_true(str_unhex("fg01", 2, out) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(text_is_utf8_without_controls),
        cmocka_unit_test(hex_goes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
