/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "live/fragment.h"

#include "make_fragment.h"

#include <errno.h>

static const uint64_t two[] = {90000, UINT64_C(5000000000)};

static void decode_times_are_found_with_their_places(void **state)
{
    struct buf b = BUF_INIT(4096);
    struct fragment_times t;
    make_fragment(&b, two, 2, 100, 7);
    assert_int_equal(fragment_times(b.data, b.len, &t), 0);
    assert_int_equal(t.n, 2);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t v = 0;
        for (unsigned k = 0; k < 8; k++) {
            v = v << 8 | b.data[t.track[i].at + k];
        }
        assert_int_equal(t.track[i].track, i + 1);
        assert_true(t.track[i].time == two[i] && v == two[i]);
    }
    buf_finish(&b);
}

static void whatever_is_not_one_whole_fragment_is_refused(void **state)
{
    struct buf b = BUF_INIT(4096);
    struct fragment_times t;
    make_fragment(&b, two, 2, 100, 7);
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *cut = mem_dup(b.data, n); /* so that a sanitizer sees a read past the end */
        assert_int_equal(fragment_times(cut, n, &t), -EBADMSG);
        free(cut);
    }
    buf_u8(&b, 0);
    assert_int_equal(fragment_times(b.data, b.len, &t), -EBADMSG);
    buf_clear(&b);
    make_fragment(&b, two, 0, 8, 0);
    assert_int_equal(fragment_times(b.data, b.len, &t), -EBADMSG);
    buf_clear(&b);
    const uint64_t five[INDEX_TRACKS_MAX + 1] = {0};
    make_fragment(&b, five, INDEX_TRACKS_MAX + 1, 8, 0);
    assert_int_equal(fragment_times(b.data, b.len, &t), -EBADMSG);
    buf_finish(&b);
}

static void the_producer_reference_time_counts_from_1900(void **state)
{
    struct buf b = BUF_INIT(64);
    fragment_prft(&b, 1, 1500000, 0x0102030405060708);
    static const uint8_t want[FRAGMENT_PRFT_SIZE] = {0,
                                                     0,
                                                     0,
                                                     32,
                                                     'p',
                                                     'r',
                                                     'f',
                                                     't',
                                                     1,
                                                     0,
                                                     0,
                                                     24,
                                                     0,
                                                     0,
                                                     0,
                                                     1,
                                                     /* 2208988801.5 s */ 0x83,
                                                     0xaa,
                                                     0x7e,
                                                     0x81,
                                                     0x80,
                                                     0,
                                                     0,
                                                     0,
                                                     1,
                                                     2,
                                                     3,
                                                     4,
                                                     5,
                                                     6,
                                                     7,
                                                     8};
    assert_int_equal(b.len, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    buf_finish(&b);
}

static void an_event_says_its_size_and_its_message(void **state)
{
    struct buf b = BUF_INIT(256);
    fragment_event(&b, "skipped", 90000, 1, 2, "{\"parts\":3}");
    assert_int_equal(b.len, (size_t)b.data[2] << 8 | b.data[3]);
    assert_memory_equal(b.data + 4, "emsg\1\0\0\0", 8);
    assert_memory_equal(b.data + b.len - 11, "{\"parts\":3}", 11);
    assert_non_null(memmem(b.data, b.len, FRAGMENT_EVENT_SCHEME "\0skipped", 28));
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_times_are_found_with_their_places),
        cmocka_unit_test(whatever_is_not_one_whole_fragment_is_refused),
        cmocka_unit_test(the_producer_reference_time_counts_from_1900),
        cmocka_unit_test(an_event_says_its_size_and_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
