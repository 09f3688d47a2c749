/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/protocol.h"
#include "remux/remux.h"

#include <errno.h>
#include <stdio.h>

static struct buf bytes;

static int setup(void **state)
{
    bytes = BUF_INIT(CHANNEL_FRAME_MAX + CHANNEL_HEAD_SIZE);
    return 0;
}

static int teardown(void **state)
{
    buf_finish(&bytes);
    return 0;
}

static struct channel_frame frame(void)
{
    struct channel_frame f;
    assert_int_equal(channel_parse(bytes.data, bytes.len, &f), bytes.len);
    return f;
}

static void a_frame_is_whole_or_waited_for(void **state)
{
    struct channel_frame f;
    channel_format(&bytes, CHANNEL_PICTURE, "jpeg", 4);
    for (size_t n = 0; n < bytes.len; n++) {
        assert_int_equal(channel_parse(bytes.data, n, &f), 0);
    }
    f = frame();
    assert_int_equal(f.type, CHANNEL_PICTURE);
    assert_memory_equal(f.p, "jpeg", 4);
}

static void a_frame_too_long_or_unknown_is_refused_at_once(void **state)
{
    struct channel_frame f;
    assert_int_equal(channel_parse((const uint8_t[]){0xff, 0, 0, 0, 1}, 5, &f), -EBADMSG);
    assert_int_equal(channel_parse((const uint8_t[]){0, 0, 0, 0, 1}, 5, &f), -EBADMSG);
    assert_int_equal(channel_parse((const uint8_t[]){0, 0, 0, 1, 99}, 5, &f), -EBADMSG);
    assert_int_equal(channel_parse((const uint8_t[]){0, 0, 0, 1, 0}, 5, &f), -EBADMSG);
}

static void a_verdict_survives_the_channel(void **state)
{
    struct channel_done d = {.status = REMUX_E_BROKEN, .partial = true}, back;
    snprintf(d.container, sizeof(d.container), "mp4");
    snprintf(d.reason, sizeof(d.reason), "It is broken.");
    snprintf(d.notes, sizeof(d.notes), "Nothing was done.");
    channel_format_done(&bytes, &d);
    struct channel_frame f = frame();
    assert_int_equal(channel_parse_done(&f, &back), 0);
    assert_int_equal(back.status, REMUX_E_BROKEN);
    assert_true(back.partial);
    assert_string_equal(back.container, "mp4");
    assert_string_equal(back.reason, "It is broken.");
    assert_string_equal(back.notes, "Nothing was done.");
}

static void a_worker_cannot_claim_what_only_the_server_knows(void **state)
{
    const int claimed[] = {REMUX_E_BUSY, REMUX_E_CRASHED, REMUX_E_CANCELLED, 77};
    for (size_t i = 0; i < ARRAY_LEN(claimed); i++) {
        struct channel_done d = {.status = (uint8_t)claimed[i]}, back;
        buf_clear(&bytes);
        channel_format_done(&bytes, &d);
        struct channel_frame f = frame();
        assert_int_equal(channel_parse_done(&f, &back), -EBADMSG);
    }
}

static void control_characters_do_not_reach_a_reason(void **state)
{
    struct channel_done d = {.status = REMUX_E_BROKEN, .reason = "a\x1b[2Jb"}, back;
    channel_format_done(&bytes, &d);
    struct channel_frame f = frame();
    assert_int_equal(channel_parse_done(&f, &back), -EBADMSG);
}

static void sealed_size_must_follow_from_the_plain_size(void **state)
{
    uint8_t index[8] = {1};
    struct channel_segment s = {.index = index, .index_n = sizeof(index)}, back;
    s.sealed.plain_bytes = 100000;
    s.sealed.sealed_bytes = seal_sealed_size(100000);
    channel_format_segment(&bytes, &s);
    struct channel_frame f = frame();
    assert_int_equal(channel_parse_segment(&f, &back), 0);
    assert_int_equal(back.sealed.plain_bytes, 100000);
    s.sealed.sealed_bytes++;
    buf_clear(&bytes);
    channel_format_segment(&bytes, &s);
    f = frame();
    assert_int_equal(channel_parse_segment(&f, &back), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_is_whole_or_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_too_long_or_unknown_is_refused_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_verdict_survives_the_channel, setup, teardown),
        cmocka_unit_test_setup_teardown(a_worker_cannot_claim_what_only_the_server_knows, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(control_characters_do_not_reach_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(sealed_size_must_follow_from_the_plain_size, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
