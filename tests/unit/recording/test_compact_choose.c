/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "recording/compact_choose.h"

enum { SECOND = 90000, MINUTE = 60 * SECOND, MANY = 64 };

static uint8_t stsd[] = {0, 0, 0, 24, 's', 't', 's', 'd', 0,   0,   0,   0,
                         0, 0, 0, 1,  0,   0,   0,   8,   'a', 'v', 'c', '1'};

static struct index two_seconds(int64_t zero_90k)
{
    struct index ix = {.init_bytes = 500,
                       .zero_90k = zero_90k,
                       .duration_90k = 2 * SECOND,
                       .n_tracks = 1,
                       .n_fragments = 2};
    ix.tracks[0] = (struct index_track){
        .timescale = 90000, .stsd = stsd, .stsd_len = sizeof stsd, .n_samples = 30};
    return ix;
}

static struct compact_choice choose(struct index *list, size_t n, bool over)
{
    const struct index *pointers[MANY];
    for (size_t i = 0; i < n; i++) {
        pointers[i] = &list[i];
    }
    return compact_choose(pointers, n, MINUTE, over);
}

static void a_minute_is_filled_and_the_rest_waits(void **state)
{
    struct index list[MANY];
    for (size_t i = 0; i < MANY; i++) {
        list[i] = two_seconds((int64_t)i * 2 * SECOND);
    }
    struct compact_choice k = choose(list, 40, false);
    assert_int_equal(k.first, 0);
    assert_int_equal(k.n, 30);
    assert_int_equal(choose(list + 30, 10, false).n, 0);
    assert_int_equal(choose(list + 30, 10, true).n, 10);
    assert_int_equal(choose(list, 1, true).n, 0);
    assert_int_equal(choose(list, 0, true).n, 0);
}

static void holes_overlaps_and_other_formats_divide(void **state)
{
    struct index list[6];
    for (size_t i = 0; i < 6; i++) {
        list[i] = two_seconds((int64_t)i * 2 * SECOND + (i >= 2 ? 3 * SECOND : 0));
    }
    assert_int_equal(choose(list, 6, false).n, 2); /* a hole after the second */
    list[0].tracks[0].width = 7;
    struct compact_choice k = choose(list, 6, false);
    assert_int_equal(k.n, 0); /* the first is another format, the second stands alone */
    k = choose(list, 6, true);
    assert_int_equal(k.first, 2);
    assert_int_equal(k.n, 4);
    list[4].zero_90k = list[3].zero_90k;
    k = choose(list, 6, true);
    assert_int_equal(k.n, 2);
}

static void what_a_segment_may_hold_is_not_passed(void **state)
{
    struct index list[10];
    for (size_t i = 0; i < 10; i++) {
        list[i] = two_seconds((int64_t)i * 2 * SECOND);
        list[i].tracks[0].n_samples = INDEX_SAMPLES_MAX / 10;
    }
    assert_int_equal(choose(list, 10, false).n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_is_filled_and_the_rest_waits),
        cmocka_unit_test(holes_overlaps_and_other_formats_divide),
        cmocka_unit_test(what_a_segment_may_hold_is_not_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
