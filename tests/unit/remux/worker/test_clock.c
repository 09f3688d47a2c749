/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/worker/clock.h"

enum { STEP = 6000 }; /* 15 pictures a second at 90 kHz */

static struct clock_file file;
static struct clock_track track;

static int setup(void **state)
{
    file = (struct clock_file){0};
    track = (struct clock_track){
        .file = &file, .timescale = 90000, .nominal = STEP, .gap_max = 60 * 90000};
    return 0;
}

static int64_t place(int64_t t)
{
    int64_t dts = t, pts = t;
    clock_place(&track, false, &dts, &pts);
    return dts;
}

static void good_times_are_left_alone(void **state)
{
    for (int64_t t = 500; t < 10 * STEP; t += STEP) {
        assert_int_equal(place(t), t);
    }
}

static void the_wrap_of_33_bits_goes_on(void **state)
{
    const int64_t turn = INT64_C(1) << 33;
    file.wraps = true;
    assert_int_equal(clock_unwrap(&file, turn - 100), turn - 100);
    assert_int_equal(clock_unwrap(&file, 50), turn + 50);
    assert_int_equal(clock_unwrap(&file, turn - 10), turn - 10);
    assert_int_equal(clock_unwrap(&file, 9000), turn + 9000);
}

static void a_jump_back_continues_where_it_was(void **state)
{
    place(1000000);
    place(1000000 + STEP);
    assert_int_equal(place(0), 1000000 + 2 * STEP);
    assert_int_equal(place(STEP), 1000000 + 3 * STEP);
}

static void a_jump_far_ahead_is_a_new_time_base_and_a_pause_is_not(void **state)
{
    place(0);
    assert_int_equal(place(30 * 90000), 30 * 90000);
    assert_int_equal(place(INT64_C(50000) * 90000), 30 * 90000 + STEP);
}

static void repeated_times_are_spread(void **state)
{
    int64_t last = place(7777), end = last;
    for (int i = 0; i < 150; i++) {
        int64_t t = place(7777);
        assert_true(t > end);
        end = t;
    }
    assert_true(end - last > 120 * STEP && end - last <= 150 * STEP);
}

static void the_shortest_distance_is_remembered(void **state)
{
    place(0);
    place(STEP);
    place(20 * STEP);
    assert_int_equal(track.shortest, STEP);
}

static void missing_times_follow_the_last(void **state)
{
    place(100);
    int64_t dts = CLOCK_NONE, pts = CLOCK_NONE;
    clock_place(&track, false, &dts, &pts);
    assert_int_equal(dts, 100 + STEP);
    assert_int_equal(pts, 100 + STEP);
}

static void tracks_jump_together(void **state)
{
    struct clock_track sound = track;
    sound.timescale = 48000;
    sound.nominal = 1024;
    sound.gap_max = 60 * 48000;
    int64_t d = 48000 * 10, p = d;
    place(90000 * 10);
    clock_place(&sound, true, &d, &p);
    int64_t picture = place(0);
    d = p = 480; /* 10 ms after the picture */
    clock_place(&sound, true, &d, &p);
    assert_int_equal(d * 90000 / 48000 - picture, 900);
}

static void reordered_pictures_keep_their_times(void **state)
{
    const int64_t times[] = {0, 4, 2, 1, 3, 8, 6, 5, 7};
    track.without_decode_time = true;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t dts = CLOCK_NONE, pts = times[i] * STEP;
        clock_place(&track, i == 0, &dts, &pts);
        assert_int_equal(pts, times[i] * STEP);
        assert_true(dts == CLOCK_NONE);
    }
}

static void a_key_picture_never_goes_back(void **state)
{
    int64_t dts = CLOCK_NONE, pts = 10 * STEP;
    track.without_decode_time = true;
    clock_place(&track, true, &dts, &pts);
    dts = CLOCK_NONE;
    pts = 9 * STEP;
    clock_place(&track, true, &dts, &pts);
    assert_int_equal(pts, 11 * STEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(good_times_are_left_alone, setup),
        cmocka_unit_test_setup(the_wrap_of_33_bits_goes_on, setup),
        cmocka_unit_test_setup(a_jump_back_continues_where_it_was, setup),
        cmocka_unit_test_setup(a_jump_far_ahead_is_a_new_time_base_and_a_pause_is_not, setup),
        cmocka_unit_test_setup(repeated_times_are_spread, setup),
        cmocka_unit_test_setup(the_shortest_distance_is_remembered, setup),
        cmocka_unit_test_setup(missing_times_follow_the_last, setup),
        cmocka_unit_test_setup(tracks_jump_together, setup),
        cmocka_unit_test_setup(reordered_pictures_keep_their_times, setup),
        cmocka_unit_test_setup(a_key_picture_never_goes_back, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
