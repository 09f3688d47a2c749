/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "base/id.h"

static void text_form_goes_round(void **state)
{
    struct id a = id_new(), b;
    char text[ID_TEXT_SIZE];
    id_format(&a, text);
    assert_int_equal(text[14], '7');
    assert_int_equal(id_parse(text, &b), 0);
    assert_true(id_equal(&a, &b));
}

static void refuses_other_shapes(void **state)
{
    struct id id;
    assert_true(id_parse("", &id) < 0);
    assert_true(id_parse("0190c3f0-1111-7111-8111-11111111111", &id) < 0);
    assert_true(id_parse("0190c3f0-1111-7111-8111-1111111111111", &id) < 0);
    assert_true(id_parse("0190c3f0x1111-7111-8111-111111111111", &id) < 0);
    assert_true(id_parse("0190c3f0-1111-7111-8111-11111111111g", &id) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_form_goes_round),
        cmocka_unit_test(refuses_other_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
