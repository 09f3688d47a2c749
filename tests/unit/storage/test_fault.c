/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "story.h"

#include "base/clock.h"

#include <errno.h>

static void script_makes_exactly_the_named_calls_fail(void **state)
{
    struct story *s = story_begin("put:2:full,put:3-4:fail,get:*:short,stat:1:fail");
    struct id id[5];
    static const int want[] = {0, STORE_E_FULL, STORE_E_UNAVAILABLE, STORE_E_UNAVAILABLE, 0};
    assert_string_equal(store_name(s->store), "fault(fs)");
    for (size_t i = 0; i < ARRAY_LEN(id); i++) {
        id[i] = id_new();
        assert_int_equal(story_put(s, &id[i], "x", 1), want[i]);
    }
    assert_int_equal(story_count(s), 2);
    assert_int_equal(story_staged_files(s), 0);
    assert_int_equal(story_get(s, &id[0], 0, 1), STORE_E_SHORT);
    assert_null(s->p);
    assert_int_equal(story_get(s, &id[0], 0, 1), STORE_E_SHORT);
    assert_int_equal(story_stat(s, &id[0]), STORE_E_UNAVAILABLE);
    assert_int_equal(story_stat(s, &id[0]), 0);
    story_end(s);
}

static void lost_answer_means_done_but_reported_as_failed(void **state)
{
    struct story *s = story_begin("put:1:lost,delete:1:lost");
    struct id id = id_new();
    assert_int_equal(story_put(s, &id, "x", 1), STORE_E_UNAVAILABLE);
    assert_int_equal(story_stat(s, &id), 0);
    assert_int_equal(story_delete(s, &id), STORE_E_UNAVAILABLE);
    assert_int_equal(story_stat(s, &id), STORE_E_NOT_FOUND);
    assert_int_equal(story_delete(s, &id), 0);
    story_end(s);
}

static void late_call_is_late_and_right(void **state)
{
    struct story *s = story_begin("stat:1:late=60,stage:2:full,health:1:full,list:1:fail");
    struct id id = id_new();
    assert_int_equal(story_put(s, &id, "x", 1), 0);
    uint64_t before = clock_mono_ms();
    assert_int_equal(story_stat(s, &id), 0);
    assert_true(clock_mono_ms() - before >= 50);
    assert_int_equal(story_put(s, &id, "x", 1), STORE_E_FULL);
    assert_int_equal(store_health(s->store), STORE_E_FULL);
    assert_int_equal(store_health(s->store), 0);
    assert_int_equal(story_count(s), -1);
    assert_int_equal(story_count(s), 1);
    story_end(s);
}

static void script_with_an_error_is_refused_whole(void **state)
{
    static const char *const bad[] = {"",
                                      "put",
                                      "put:1",
                                      "put:0:fail",
                                      "put:x:fail",
                                      "put:3-2:fail",
                                      "put:1:explode",
                                      "open:1:fail",
                                      "put:1:late",
                                      "put:1:late=x",
                                      "put:1:late=9999999",
                                      "put:1:fail,",
                                      "put::fail",
                                      "put:1:fail:full"};
    struct story *s = story_begin(NULL);
    struct store_driver *inner, *d = NULL;
    assert_int_equal(store_fs_create(s->dir, 0, &inner), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (store_fault_create(inner, bad[i], &d) != -EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_null(d);
    inner->ops->destroy(inner);
    story_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script_makes_exactly_the_named_calls_fail),
        cmocka_unit_test(lost_answer_means_done_but_reported_as_failed),
        cmocka_unit_test(late_call_is_late_and_right),
        cmocka_unit_test(script_with_an_error_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
