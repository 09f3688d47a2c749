/* SPDX-License-Identifier: Apache-2.0 */
/* Where parts of an endless body end. Only the queue of a track matters here. */
#include "tests/support/unit.h"

#include "remux/worker/lane.h"

enum { MAX_90K = 45000, QUEUE = 100 };

static struct sample queue[QUEUE];
static struct track track;
static struct lane lane;

static int setup(void **state)
{
    track = (struct track){.timescale = 90000, .exact_times = true, .queue = queue};
    lane = (struct lane){.track = &track};
    return 0;
}

/* Send pictures of step one at a time, a key picture every group; note the parts' lengths. */
static size_t feed(size_t pictures, size_t group, int64_t step, size_t *ret_parts, bool *ret_waited)
{
    size_t n_parts = 0;
    int64_t limit;
    *ret_waited = false;
    for (size_t i = 0; i < pictures; i++) {
        queue[track.n_queue++] = (struct sample){.dts = (int64_t)i * step,
                                                 .pts = (int64_t)i * step,
                                                 .duration = step,
                                                 .sync = i % group == 0};
        while (track.n_queue >= 2) {
            size_t n = lane_part(&lane, MAX_90K, &limit);
            if (n == 0) {
                break;
            }
            *ret_waited |= n < track.n_queue;
            lane_settle(&lane, n, limit);
            ret_parts[n_parts++] = n;
            track.n_queue -= n;
            memmove(queue, queue + n, track.n_queue * sizeof queue[0]);
        }
    }
    return n_parts;
}

static void parts_of_regular_groups_are_even_and_wait_for_nothing(void **state)
{
    size_t parts[QUEUE];
    bool waited;
    assert_int_equal(feed(3 * 25, 25, 3600, parts, &waited), 9);
    static const size_t want[] = {12, 12, 1, 9, 8, 8, 9, 8, 8}; /* the first group is not known */
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(parts[i], want[i]);
    }
    setup(state);
    assert_int_equal(feed(40, 10, 4500, parts, &waited), 4); /* a group is just a part */
    assert_false(waited);
}

static void a_group_that_is_longer_than_the_last_one_goes_on(void **state)
{
    size_t parts[QUEUE];
    bool waited;
    lane.gone_90k = 90000; /* the next key picture ends a group of one second */
    assert_int_equal(feed(60, 100, 3600, parts, &waited), 5);
    static const size_t want[] = {9, 8, 8, 12, 12};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(parts[i], want[i]);
    }
}

static void no_part_is_longer_than_allowed(void **state)
{
    size_t parts[QUEUE];
    bool waited;
    for (int64_t step = 1500; step <= 22500; step += 375) {
        for (size_t group = 2; group < 80; group += 7) {
            setup(state);
            size_t n = feed(QUEUE - 1, group, step, parts, &waited);
            for (size_t i = 0; i < n; i++) {
                assert_true((int64_t)parts[i] * step <= MAX_90K);
            }
        }
    }
}

static void without_known_lengths_a_part_ends_with_the_picture_behind_it(void **state)
{
    size_t parts[QUEUE];
    bool waited;
    track.exact_times = false;
    assert_int_equal(feed(50, 25, 3600, parts, &waited), 5);
    assert_true(waited);
    static const size_t want[] = {12, 12, 1, 9, 8};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(parts[i], want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parts_of_regular_groups_are_even_and_wait_for_nothing, setup),
        cmocka_unit_test_setup(a_group_that_is_longer_than_the_last_one_goes_on, setup),
        cmocka_unit_test_setup(no_part_is_longer_than_allowed, setup),
        cmocka_unit_test_setup(without_known_lengths_a_part_ends_with_the_picture_behind_it, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
