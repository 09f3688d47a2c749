/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/worker/gate.h"

#include <string.h>

static struct buf file;
static struct gate g;

static int setup(void **state)
{
    file = BUF_INIT(4 << 20);
    gate_init(&g);
    g.armed = true;
    return 0;
}

static int teardown(void **state)
{
    gate_finish(&g);
    buf_finish(&file);
    return 0;
}

static void box(const char type[5], size_t payload, bool large)
{
    buf_be32(&file, large ? 1 : (uint32_t)(8 + payload));
    buf_append(&file, type, 4);
    if (large) {
        buf_be64(&file, 16 + payload);
    }
    for (size_t i = 0; i < payload; i++) {
        buf_u8(&file, (uint8_t)i);
    }
}

static void fragments(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        box("moof", 40 + i % 7, false);
        box("mdat", 90 + i % 50, i % 3 == 0);
    }
}

/* Read up to the end or to where it stops, at most `step` bytes at a time; returns where that is.
 */
static size_t read_on(size_t at, size_t step)
{
    while (at < file.len) {
        size_t want = file.len - at < step ? file.len - at : step;
        size_t n = gate_allow(&g, want);
        if (n == 0) {
            break;
        }
        assert_true(n <= want);
        gate_pass(&g, file.data + at, n);
        at += n;
    }
    return at;
}

static void it_stops_behind_a_fragment_and_goes_on_there(void **state)
{
    static const size_t steps[] = {1, 3, 8, 100, 1000, 65536};
    box("ftyp", 20, false);
    box("moov", 600, false);
    size_t init = file.len;
    fragments(GATE_FRAGMENTS);
    size_t stretch = file.len;
    fragments(GATE_FRAGMENTS);
    size_t second = file.len;
    fragments(3);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        gate_finish(&g);
        gate_init(&g);
        g.armed = true;
        size_t at = read_on(0, steps[i]);
        assert_true(g.stopped);
        assert_true(at >= stretch && at < second);
        assert_true(steps[i] > 100 || at == stretch);
        assert_int_equal(g.init.len, init);
        assert_memory_equal(g.init.data, file.data, init);
        assert_memory_equal(file.data + at + 4, "moof", 4);
        gate_go_on(&g);
        at = read_on(at, steps[i]);
        assert_memory_equal(file.data + at + 4, at < file.len ? "moof" : "", at < file.len ? 4 : 0);
        gate_go_on(&g);
        assert_int_equal(read_on(at, steps[i]), file.len);
        assert_false(g.stopped);
    }
}

static void it_does_not_stop_before_it_is_told_that_it_may(void **state)
{
    g.armed = false;
    box("ftyp", 20, false);
    fragments(3 * GATE_FRAGMENTS);
    assert_int_equal(read_on(0, 65536), file.len);
}

static void what_is_no_row_of_boxes_runs_through(void **state)
{
    fragments(GATE_FRAGMENTS - 1);
    buf_append(&file, "\0\0\0\3junk", 8);
    fragments(3 * GATE_FRAGMENTS);
    assert_int_equal(read_on(0, 777), file.len);
    assert_true(g.broken);
}

static void an_init_that_is_too_large_is_not_kept(void **state)
{
    box("moov", GATE_INIT_MAX, false);
    fragments(2 * GATE_FRAGMENTS);
    assert_int_equal(read_on(0, 65536), file.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_stops_behind_a_fragment_and_goes_on_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(it_does_not_stop_before_it_is_told_that_it_may, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_row_of_boxes_runs_through, setup, teardown),
        cmocka_unit_test_setup_teardown(an_init_that_is_too_large_is_not_kept, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
