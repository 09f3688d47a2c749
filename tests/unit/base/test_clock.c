/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "base/clock.h"

static void formats_utc_with_milliseconds(void **state)
{
    char out[CLOCK_RFC3339_SIZE];
    clock_format(1795459923250000, out);
    assert_string_equal(out, "2026-11-23T18:52:03.250Z");
    clock_format(-1, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999Z");
}

static void parses_offsets_and_fractions(void **state)
{
    int64_t us;
    assert_int_equal(clock_parse("2026-11-23T18:52:03.25Z", &us), 0);
    assert_int_equal(us, 1795459923250000);
    assert_int_equal(clock_parse("2026-11-23T19:52:03.2500009+01:00", &us), 0);
    assert_int_equal(us, 1795459923250000);
    assert_int_equal(clock_parse("2024-02-29t00:00:00z", &us), 0);
}

static void refuses_what_is_no_time(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-11-23",
                                      "2026-11-23T18:52:03",
                                      "2026-13-01T00:00:00Z",
                                      "2025-02-29T00:00:00Z",
                                      "2026-11-23T24:00:00Z",
                                      "2026-11-23T18:52:03.Z",
                                      "2026-11-23T18:52:03Zx",
                                      "2026-11-23T18:52:03+1:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us = 7;
        assert_true(clock_parse(bad[i], &us) < 0);
        assert_int_equal(us, 7);
    }
}

static void parses_dates_of_http_headers(void **state)
{
    static const char *const bad[] = {"",
                                      "Mon, 23 Nov 2026 18:52:03 UTC",
                                      "Mon, 23 Nov 2026 18:52:03 GMT ",
                                      "Monday, 23-Nov-26 18:52:03 GMT",
                                      "Mon Nov 23 18:52:03 2026",
                                      "Mon, 31 Nov 2026 18:52:03 GMT",
                                      "Mon, 23 Nox 2026 18:52:03 GMT"};
    int64_t us = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(clock_parse_http(bad[i], &us) < 0);
        assert_int_equal(us, 7);
    }
    assert_int_equal(clock_parse_http("Mon, 23 Nov 2026 18:52:03 GMT", &us), 0);
    assert_int_equal(us, 1795459923000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_utc_with_milliseconds),
        cmocka_unit_test(parses_offsets_and_fractions),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(parses_dates_of_http_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
