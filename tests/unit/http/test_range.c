/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "http/range.h"

#include <errno.h>

static void good(const char *header, uint64_t size, uint64_t first, uint64_t last)
{
    uint64_t f = 0, l = 0;
    assert_int_equal(range_parse(header, size, &f, &l), 0);
    assert_true(f == first && l == last);
}

static void bad(const char *header, uint64_t size, int want)
{
    uint64_t f = 77, l = 78;
    assert_int_equal(range_parse(header, size, &f, &l), want);
    assert_true(f == 77 && l == 78);
}

static void ranges_are_cut_to_the_resource(void **state)
{
    good("bytes=0-0", 100, 0, 0);
    good("bytes=10-19", 100, 10, 19);
    good("bytes=10-", 100, 10, 99);
    good("bytes=0-99999999999999999999999", 100, 0, 99);
    good("BYTES=-1", 100, 99, 99);
    good("bytes=-1000", 100, 0, 99);
    good("bytes= 5-6", 100, 5, 6);
}

static void odd_and_several_ranges_mean_the_whole(void **state)
{
    static const char *const headers[] = {
        "",           "bytes",      "bytes=",     "bytes=a-b",     "bytes=1",
        "bytes=-",    "bytes=2-1",  "bytes=1-2x", "bytes=0-1,3-4", "lines=1-2",
        "bytes=+1-2", "bytes=1--2", "bytes=-5-6", "bytes =1-2"};
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        bad(headers[i], 100, RANGE_E_NONE);
    }
    bad(NULL, 100, RANGE_E_NONE);
}

static void ranges_outside_are_unsatisfiable(void **state)
{
    bad("bytes=100-", 100, RANGE_E_UNSATISFIABLE);
    bad("bytes=100-200", 100, RANGE_E_UNSATISFIABLE);
    bad("bytes=99999999999999999999-", 100, RANGE_E_UNSATISFIABLE);
    bad("bytes=-0", 100, RANGE_E_UNSATISFIABLE);
    bad("bytes=0-", 0, RANGE_E_UNSATISFIABLE);
    bad("bytes=-5", 0, RANGE_E_UNSATISFIABLE);
}

static void etags_are_found_in_lists(void **state)
{
    assert_true(range_etag_listed("\"a\"", "\"a\""));
    assert_true(range_etag_listed("\"b\" , W/\"a\"", "\"a\""));
    assert_true(range_etag_listed("*", "\"a\""));
    assert_false(range_etag_listed("\"ab\"", "\"a\""));
    assert_false(range_etag_listed("a", "\"a\""));
    assert_false(range_etag_listed("", "\"a\""));
    assert_false(range_etag_listed("\"a", "\"a\""));
    assert_true(range_etag_listed("\"x,y\",\"a\"", "\"a\""));
}

static void if_range_wants_the_very_tag(void **state)
{
    assert_true(range_if_range(NULL, "\"a\""));
    assert_true(range_if_range("\"a\"", "\"a\""));
    assert_false(range_if_range("W/\"a\"", "\"a\""));
    assert_false(range_if_range("Mon, 23 Nov 2026 20:00:00 GMT", "\"a\""));
}

static void content_range_of_a_body_is_read(void **state)
{
    uint64_t first, last, total;
    assert_int_equal(range_content_parse("bytes 0-0/1", &first, &last, &total), 0);
    assert_int_equal(range_content_parse("bytes 1000-982731/982732", &first, &last, &total), 0);
    assert_int_equal(first, 1000);
    assert_int_equal(last, 982731);
    assert_int_equal(total, 982732);
    assert_int_equal(range_content_parse("Bytes 376-563/*", &first, &last, &total), 0);
    assert_int_equal(first, 376);
    assert_true(total == RANGE_UNKNOWN);
}

static void odd_content_ranges_are_refused(void **state)
{
    static const char *const odd[] = {"",
                                      "bytes",
                                      "bytes ",
                                      "bytes 0-1",
                                      "bytes 0-1/",
                                      "bytes 0-1/1",
                                      "bytes 2-1/5",
                                      "bytes */5",
                                      "bytes -5/9",
                                      "bytes 0-/9",
                                      "bytes 0-4/5x",
                                      "bytes 0-4/**",
                                      "octets 0-1/2",
                                      "bytes:0-1/2",
                                      "bytes 0-18446744073709551615/*",
                                      "bytes 0-1/99999999999999999999"};
    uint64_t first, last, total;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        assert_int_equal(range_content_parse(odd[i], &first, &last, &total), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_cut_to_the_resource),
        cmocka_unit_test(odd_and_several_ranges_mean_the_whole),
        cmocka_unit_test(ranges_outside_are_unsatisfiable),
        cmocka_unit_test(etags_are_found_in_lists),
        cmocka_unit_test(content_range_of_a_body_is_read),
        cmocka_unit_test(odd_content_ranges_are_refused),
        cmocka_unit_test(if_range_wants_the_very_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
