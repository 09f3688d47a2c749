/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "ingest/arrival.h"

#include <stdlib.h>

enum { PART_90K = 45000 };
static const int64_t NOON = 1800000000ll * CLOCK_US;

/* Parts of half a second for so long; each arrives when it is over, late by up to jitter_us, and a
 * camera's second lasts second_us. */
static void film(struct arrival *a, int64_t *media_90k, int64_t *now_us, int seconds,
                 int64_t second_us, int64_t jitter_us)
{
    for (int i = 0; i < 2 * seconds; i++) {
        *media_90k += PART_90K;
        *now_us += second_us / 2;
        arrival_add(a, *now_us + (jitter_us > 0 ? random() % jitter_us : 0), *media_90k);
    }
}

static void what_comes_at_once_was_filmed_when_it_came(void **state)
{
    struct arrival a = {0};
    int64_t media = 0, now = NOON;
    film(&a, &media, &now, 120, CLOCK_US, 400000);
    assert_true(llabs(arrival_zero_us(&a) - NOON) < 30000);
    assert_true(llabs(arrival_lag_us(&a)) < 60000);
}

static void a_pause_shows_as_lag(void **state)
{
    struct arrival a = {0};
    int64_t media = 0, now = NOON;
    film(&a, &media, &now, 180, CLOCK_US, 0);
    assert_int_equal(arrival_lag_us(&a), 0);
    now += 20 * CLOCK_US; /* the camera slept, its media time did not go on */
    film(&a, &media, &now, 130, CLOCK_US, 0);
    assert_int_equal(arrival_lag_us(&a), 20 * CLOCK_US);
    assert_int_equal(arrival_zero_us(&a), NOON);
}

static void a_file_runs_ahead_and_its_least_difference_is_its_length_ago(void **state)
{
    struct arrival a = {0};
    int64_t media = 0, now = NOON;
    film(&a, &media, &now, 600, CLOCK_US / 100, 0);
    assert_int_equal(a.least_us, NOON + 6 * CLOCK_US - 600 * CLOCK_US);
}

static void drift_is_told_after_ten_minutes(void **state)
{
    struct arrival fast = {0}, slow = {0};
    int64_t media = 0, now = NOON;
    int32_t ppb;
    film(&fast, &media, &now, 500, CLOCK_US - 50, 0);
    assert_false(arrival_drift_ppb(&fast, &ppb));
    film(&fast, &media, &now, 6700, CLOCK_US - 50, 0); /* its second is 50 us short */
    assert_true(arrival_drift_ppb(&fast, &ppb));
    assert_true(ppb > 48000 && ppb < 52000);
    media = 0;
    film(&slow, &media, &now, 7200, CLOCK_US + 20, 300000);
    assert_true(arrival_drift_ppb(&slow, &ppb));
    assert_true(ppb < -10000 && ppb > -30000);
}

static void what_is_no_drift_is_not_called_one(void **state)
{
    struct arrival a = {0};
    int64_t media = 0, now = NOON;
    int32_t ppb = 7;
    film(&a, &media, &now, 7200, CLOCK_US / 2, 0);
    assert_false(arrival_drift_ppb(&a, &ppb));
    assert_int_equal(ppb, 7);
}

int main(void)
{
    srandom(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_at_once_was_filmed_when_it_came),
        cmocka_unit_test(a_pause_shows_as_lag),
        cmocka_unit_test(a_file_runs_ahead_and_its_least_difference_is_its_length_ago),
        cmocka_unit_test(drift_is_told_after_ten_minutes),
        cmocka_unit_test(what_is_no_drift_is_not_called_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
