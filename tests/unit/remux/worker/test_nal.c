/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/worker/nal.h"

/* SPS, PPS, SEI with a recovery point, IDR; three- and four-byte start codes, zeros at the end. */
static const uint8_t annexb[] = {0, 0, 0,    1, 0x67, 1,    2, 0, 0, 1,    0x68, 3, 0, 0,
                                 0, 1, 0x06, 6, 1,    0xc4, 0, 0, 1, 0x65, 9,    8, 0, 0};
static const uint8_t framed[] = {0, 0, 0, 3,    0x67, 1, 2,    0, 0, 0, 2, 0x68, 3, 0,
                                 0, 0, 4, 0x06, 6,    1, 0xc4, 0, 0, 0, 3, 0x65, 9, 8};

static void every_unit_keeps_its_bytes(void **state)
{
    struct buf out = BUF_INIT(256);
    nal_reframe(annexb, sizeof(annexb), 0, &out);
    assert_int_equal(out.len, sizeof(framed));
    assert_memory_equal(out.data, framed, sizeof(framed));
    buf_clear(&out);
    nal_reframe(framed, sizeof(framed), 4, &out);
    assert_memory_equal(out.data, framed, sizeof(framed));
    buf_finish(&out);
}

static void two_byte_lengths_become_four(void **state)
{
    const uint8_t two[] = {0, 2, 0x65, 7, 0, 1, 0x41};
    const uint8_t four[] = {0, 0, 0, 2, 0x65, 7, 0, 0, 0, 1, 0x41};
    struct buf out = BUF_INIT(256);
    nal_reframe(two, sizeof(two), 2, &out);
    assert_int_equal(out.len, sizeof(four));
    assert_memory_equal(out.data, four, sizeof(four));
    buf_finish(&out);
}

static void a_length_past_the_end_takes_what_there_is(void **state)
{
    const uint8_t bad[] = {0xff, 0xff, 0xff, 0xff, 0x65, 7};
    struct nal_iter it = nal_iter(bad, sizeof(bad), 4);
    struct nal_unit u;
    assert_true(nal_next(&it, &u));
    assert_int_equal(u.n, 2);
    assert_false(nal_next(&it, &u));
}

static void pictures_say_where_decoding_may_begin(void **state)
{
    struct nal_facts f = nal_look(NAL_H264, framed, sizeof(framed), 4);
    assert_true(f.sync && f.sets && f.slice);
    const uint8_t inter[] = {0, 0, 1, 0x41, 0x9a};
    f = nal_look(NAL_H264, inter, sizeof(inter), 0);
    assert_true(f.slice && !f.sync && !f.sets);
    const uint8_t recovery[] = {0, 0, 1, 0x06, 6, 1, 0xc4, 0, 0, 1, 0x41, 0x9a};
    assert_true(nal_look(NAL_H264, recovery, sizeof(recovery), 0).sync);
    const uint8_t cra[] = {0, 0, 1, 21 << 1, 1, 9};
    assert_true(nal_look(NAL_H265, cra, sizeof(cra), 0).sync);
    const uint8_t sei_only[] = {0, 0, 1, 0x06, 5, 1, 9};
    assert_false(nal_look(NAL_H264, sei_only, sizeof(sei_only), 0).slice);
}

static void parameter_sets_are_found_in_both_places(void **state)
{
    const uint8_t avcc[] = {1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 3};
    const uint8_t sets[] = {0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3};
    struct buf a = BUF_INIT(256), b = BUF_INIT(256);
    assert_int_equal(nal_length_size(NAL_H264, avcc, sizeof(avcc)), 4);
    assert_int_equal(nal_sets_of_config(NAL_H264, avcc, sizeof(avcc), &a), 0);
    nal_sets_of_picture(NAL_H264, annexb, sizeof(annexb), 0, &b);
    assert_int_equal(a.len, sizeof(sets));
    assert_memory_equal(a.data, sets, sizeof(sets));
    assert_int_equal(b.len, sizeof(sets));
    assert_memory_equal(b.data, sets, sizeof(sets));
    for (size_t n = 7; n < sizeof(avcc); n++) {
        buf_clear(&a);
        (void)!nal_sets_of_config(NAL_H264, avcc, n, &a); /* cut anywhere: no byte beyond is read */
    }
    buf_finish(&a);
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_keeps_its_bytes),
        cmocka_unit_test(two_byte_lengths_become_four),
        cmocka_unit_test(a_length_past_the_end_takes_what_there_is),
        cmocka_unit_test(pictures_say_where_decoding_may_begin),
        cmocka_unit_test(parameter_sets_are_found_in_both_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
