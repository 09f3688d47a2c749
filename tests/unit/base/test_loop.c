/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "base/loop.h"

struct story {
    struct loop *loop;
    struct timer *timer;
    int worked, done, posted;
};

static void work(void *arg)
{
    ((struct story *)arg)->worked++;
}

static void posted(void *arg)
{
    struct story *s = arg;
    s->posted++;
    loop_stop(s->loop);
}

static void done(void *arg)
{
    struct story *s = arg;
    s->done++;
    loop_post(s->loop, posted, s);
}

static void offloaded_work_comes_back_and_posts_run(void **state)
{
    struct story s = {.loop = loop_create(NULL)};
    loop_offload(s.loop, work, done, &s);
    assert_int_equal(loop_offloaded(s.loop), 1);
    loop_run(s.loop);
    assert_int_equal(s.worked, 1);
    assert_int_equal(s.done, 1);
    assert_int_equal(s.posted, 1);
    assert_null(loop_destroy(s.loop));
}

static void fire(void *arg)
{
    struct story *s = arg;
    s->done++;
    s->timer = timer_destroy(s->timer);
    loop_stop(s->loop);
}

static void timer_may_be_destroyed_in_its_own_callback(void **state)
{
    struct story s = {.loop = loop_create(NULL)};
    s.timer = timer_create_on(s.loop, fire, &s);
    timer_set(s.timer, 1);
    loop_run(s.loop);
    assert_int_equal(s.done, 1);
    loop_destroy(s.loop);
}

static void stop_it(void *arg)
{
    loop_stop(arg);
}

static void count_it(void *arg)
{
    ++*(int *)arg;
}

/* As the subcommands use it: one wait after the other, ended by posts. */
static void a_stopped_loop_may_be_run_again(void **state)
{
    struct log log = {.fd = -1};
    struct loop *l = loop_create(&log);
    int fired = 0;
    for (int i = 1; i <= 3; i++) {
        struct timer *last = timer_create_on(l, stop_it, l),
                     *t = timer_create_on(l, count_it, &fired);
        loop_post(l, count_it, &fired); /* wakes it without stopping it */
        timer_set(t, 1);
        timer_set(last, 5);
        loop_run(l);
        assert_int_equal(fired, 2 * i);
        timer_destroy(t);
        timer_destroy(last);
    }
    loop_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offloaded_work_comes_back_and_posts_run),
        cmocka_unit_test(timer_may_be_destroyed_in_its_own_callback),
        cmocka_unit_test(a_stopped_loop_may_be_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
