/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "http/uri.h"

#include <stdio.h>

static void escapes_are_decoded(void **state)
{
    char out[64];
    assert_int_equal(uri_decode("a%20b%C3%b6+", 12, false, out), 6);
    assert_string_equal(out, "a b\xc3\xb6+");
    assert_int_equal(uri_decode("a+b", 3, true, out), 3);
    assert_string_equal(out, "a b");
}

static void broken_escapes_and_controls_are_refused(void **state)
{
    static const char *const bad[] = {"%",   "%4", "%zz", "a%00b",  "%0a",
                                      "%7f", "\t", "%ff", "%c0%80", "%ed%a0%80"};
    char out[16];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_true(uri_decode(bad[i], strlen(bad[i]), true, out) < 0);
    }
}

static void sane_targets_have_no_dot_segments(void **state)
{
    static const char *const good[] = {"/",    "/a",         "/a..b/..c/d..",
                                       "/...", "/a?x=../..", "/%2e%2e%2e"};
    static const char *const bad[] = {"",        "a",      "*",       "http://h/", "/..",
                                      "/../a",   "/a/..",  "/.",      "/a/./b",    "/%2e%2E/",
                                      "/..%2fa", "/a b",   "/a#b",    "/\x7f",     "/%00a",
                                      "/%c3",    "/%ff/a", "/a%2f..", "/\xc3\xb6"};
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(uri_is_sane(good[i], &n));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(uri_is_sane(bad[i], &n));
    }
    assert_true(uri_is_sane("/ab?c", &n));
    assert_int_equal(n, 3);
}

static void arguments_are_walked(void **state)
{
    const char *at = "&a=1&&b&=c&d=e=f", *name, *value;
    size_t name_len, value_len;
    static const char *const want[] = {"a|1", "b|", "|c", "d|e=f"};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        char text[16];
        assert_true(uri_next_arg(&at, &name, &name_len, &value, &value_len));
        snprintf(text, sizeof(text), "%.*s|%.*s", (int)name_len, name, (int)value_len, value);
        assert_string_equal(text, want[i]);
    }
    assert_false(uri_next_arg(&at, &name, &name_len, &value, &value_len));
}

static void cookies_are_found_by_their_whole_name(void **state)
{
    size_t n;
    const char *v = uri_cookie("aa=1; a=\"two\" ; b=3", "a", &n);
    assert_non_null(v);
    assert_int_equal(n, 3);
    assert_memory_equal(v, "two", 3);
    assert_non_null(uri_cookie("x=;a=", "a", &n));
    assert_int_equal(n, 0);
    assert_null(uri_cookie("ab=1; c", "a", &n));
    assert_null(uri_cookie("", "a", &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(broken_escapes_and_controls_are_refused),
        cmocka_unit_test(sane_targets_have_no_dot_segments),
        cmocka_unit_test(arguments_are_walked),
        cmocka_unit_test(cookies_are_found_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
