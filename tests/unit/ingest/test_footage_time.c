/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "ingest/footage_time.h"

static const int64_t NOW = 1800000000ll * CLOCK_US;
static const int64_t MINUTE = 60ll * CLOCK_US, HOUR = 3600ll * CLOCK_US,
                     YEAR = 365 * 86400ll * CLOCK_US;

static struct footage_time filed(int64_t started_us, int64_t camera_now_us)
{
    const struct footage_told t = {
        .started_us = started_us, .camera_now_us = camera_now_us, .arrived_us = NOW};
    return footage_time_of(&t);
}

static void what_a_camera_says_is_believed_when_it_can_be(void **state)
{
    struct footage_time f = filed(NOW - 3 * HOUR, 0);
    assert_int_equal(f.start_us, NOW - 3 * HOUR);
    assert_false(f.has_offset);
    f = filed(NOW - MINUTE, NOW + 20 * CLOCK_US);
    assert_int_equal(f.start_us, NOW - MINUTE);
    assert_true(f.has_offset);
    assert_int_equal(f.offset_us, 20 * CLOCK_US);
}

static void a_clock_that_is_wrong_by_years_is_corrected_when_it_is_shown(void **state)
{
    struct footage_time f = filed(NOW - 30 * YEAR - 10 * MINUTE, NOW - 30 * YEAR);
    assert_int_equal(f.start_us, NOW - 10 * MINUTE);
    assert_int_equal(f.offset_us, -30 * YEAR);
    f = filed(NOW + 2 * YEAR - MINUTE, NOW + 2 * YEAR);
    assert_int_equal(f.start_us, NOW - MINUTE);
}

static void a_start_that_cannot_be_is_left_to_the_arrival(void **state)
{
    assert_int_equal(filed(NOW + HOUR, 0).start_us, 0);
    assert_int_equal(filed(86400ll * CLOCK_US, 0).start_us, 0); /* 1970-01-02 */
    assert_int_equal(filed(-YEAR, 0).start_us, 0);              /* 1969 */
    assert_int_equal(filed(NOW - 20 * YEAR, 0).start_us, 0);
    assert_int_equal(filed(NOW + 2 * HOUR, NOW).start_us, 0);
    assert_int_equal(filed(NOW + MINUTE, 0).start_us, NOW + MINUTE); /* clocks differ a little */
}

static void nothing_told_is_by_arrival(void **state)
{
    struct footage_time f = filed(0, 0);
    assert_int_equal(f.start_us, 0);
    assert_false(f.has_offset);
    f = filed(0, NOW - HOUR);
    assert_int_equal(f.start_us, 0);
    assert_int_equal(f.offset_us, -HOUR);
}

static void late_is_what_came_long_after_its_end(void **state)
{
    assert_false(footage_is_late(NOW, NOW));
    assert_false(footage_is_late(NOW - 4 * MINUTE, NOW));
    assert_true(footage_is_late(NOW - 6 * MINUTE, NOW));
    assert_false(footage_is_late(NOW + HOUR, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_camera_says_is_believed_when_it_can_be),
        cmocka_unit_test(a_clock_that_is_wrong_by_years_is_corrected_when_it_is_shown),
        cmocka_unit_test(a_start_that_cannot_be_is_left_to_the_arrival),
        cmocka_unit_test(nothing_told_is_by_arrival),
        cmocka_unit_test(late_is_what_came_long_after_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
