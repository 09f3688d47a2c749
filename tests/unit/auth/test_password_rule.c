/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "auth/password_rule.h"

static void common_ones_are_refused_however_dressed(void **state)
{
    static const char *const common[] = {
        "passwordpassword", "Password1234",    "P@ssw0rd12345",     "qwertyuiop123",
        "123456789012",     "aaaaaaaaaaaa",    "abcdefghijkl",      "iloveyou2024!",
        "letmeinletmein",   "Welcome-2023-!",  "admin-admin-admin", "superman superman",
        "abcabcabcabc",     "1q1q1q1q1q1q",    "987654321098765",   "football12345678",
        "Summer2024!!",     "zxcvbnmasdfghjkl"};
    for (size_t i = 0; i < ARRAY_LEN(common); i++) {
        if (password_judge(common[i], PASSWORD_MIN_ACCOUNT) != PASSWORD_E_COMMON) {
            fail_msg("taken: %s", common[i]);
        }
    }
}

static void uncommon_ones_are_taken(void **state)
{
    static const char *const fine[] = {"correct horse battery staple", "vK3x-9qLw-77ab-Zt",
                                       "mein Hund frisst gern Quark", "teal kettle orbit cactus",
                                       "\xc3\xa4\xc3\xb6\xc3\xbc zw\xc3\xb6lf Zeichen"};
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        if (password_judge(fine[i], PASSWORD_MIN_ACCOUNT)) {
            fail_msg("refused: %s", fine[i]);
        }
    }
}

static void length_is_counted_in_characters(void **state)
{
    assert_int_equal(password_judge("vK3x9qLw77a", PASSWORD_MIN_ACCOUNT), PASSWORD_E_SHORT);
    assert_int_equal(password_judge("vK3x9qLw77ab", PASSWORD_MIN_ACCOUNT), 0);
    assert_int_equal(password_judge("vK3x9qLw77ab", PASSWORD_MIN_OFFICER), PASSWORD_E_SHORT);
    assert_int_equal(password_judge("\xc3\xa4\xc3\xb6\xc3\xbc", 4), PASSWORD_E_SHORT);
}

static void long_ones_are_taken_whole_up_to_a_limit(void **state)
{
    char text[1200];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i * i % 23);
    }
    text[1024] = 0;
    assert_int_equal(password_judge(text, PASSWORD_MIN_ACCOUNT), 0);
    text[1024] = 'x';
    text[1025] = 0;
    assert_int_equal(password_judge(text, PASSWORD_MIN_ACCOUNT), PASSWORD_E_LONG);
}

static void control_characters_are_refused(void **state)
{
    assert_int_equal(password_judge("vK3x9qLw\x01zz77ab", PASSWORD_MIN_ACCOUNT), PASSWORD_E_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_ones_are_refused_however_dressed),
        cmocka_unit_test(uncommon_ones_are_taken),
        cmocka_unit_test(length_is_counted_in_characters),
        cmocka_unit_test(long_ones_are_taken_whole_up_to_a_limit),
        cmocka_unit_test(control_characters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
