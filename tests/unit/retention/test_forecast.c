/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "retention/forecast.h"

#define DAY INT64_C(86400000000)
#define NOW INT64_C(1790000000000000)
#define GB  INT64_C(1000000000)

/* A camera that sends 1 GB a day. */
static struct forecast_camera camera(int64_t keep_days, int64_t age_days)
{
    return (struct forecast_camera){.recent_bytes = 7 * GB,
                                    .recent_us = 7 * DAY,
                                    .keep_us = keep_days * DAY,
                                    .oldest_us = age_days ? NOW - age_days * DAY : 0};
}

static void near(int64_t us, int64_t days)
{
    assert_in_range(us, NOW + days * DAY - 2000000, NOW + days * DAY + 2000000);
}

static void it_grows_until_as_much_goes_as_comes(void **state)
{
    struct forecast_camera c = camera(30, 0);
    assert_int_equal(forecast_bytes_per_day(&c), GB);
    near(forecast_full_us(&c, 1, 10 * GB, NOW), 10);
    near(forecast_full_us(&c, 1, 29 * GB, NOW), 29);
    assert_int_equal(forecast_full_us(&c, 1, 31 * GB, NOW), 0);
    c = camera(30, 25); /* only five days more */
    near(forecast_full_us(&c, 1, 4 * GB, NOW), 4);
    assert_int_equal(forecast_full_us(&c, 1, 6 * GB, NOW), 0);
    c = camera(30, 40);
    assert_int_equal(forecast_full_us(&c, 1, GB, NOW), 0);
    c = camera(0, 0);
    assert_int_equal(forecast_full_us(&c, 1, 1, NOW), 0);
}

static void full_is_full(void **state)
{
    struct forecast_camera c = camera(0, 0);
    assert_int_equal(forecast_full_us(&c, 1, 0, NOW), NOW);
    assert_int_equal(forecast_full_us(&c, 1, -5, NOW), NOW);
    assert_int_equal(forecast_full_us(NULL, 0, 1, NOW), 0);
}

static void several_cameras_share_the_room(void **state)
{
    struct forecast_camera c[] = {camera(10, 0), camera(30, 0)};
    near(forecast_full_us(c, 2, 8 * GB, NOW), 4);
    near(forecast_full_us(c, 2, 25 * GB, NOW), 15); /* 20 in ten days, then one camera alone */
    assert_int_equal(forecast_full_us(c, 2, 41 * GB, NOW), 0);
}

static void a_short_time_is_not_blown_up(void **state)
{
    struct forecast_camera c = {.recent_bytes = GB / 24, .recent_us = 1, .keep_us = 30 * DAY};
    assert_in_range(forecast_bytes_per_day(&c), GB - 100, GB + 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_until_as_much_goes_as_comes),
        cmocka_unit_test(full_is_full),
        cmocka_unit_test(several_cameras_share_the_room),
        cmocka_unit_test(a_short_time_is_not_blown_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
