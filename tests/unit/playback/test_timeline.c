/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/timeline.h"

#include <stdlib.h>
#include <string.h>

#define S 1000000

static uint32_t gaps(const struct timeline_run *runs, uint32_t n_runs,
                     const struct timeline_gap *known, uint32_t n_known,
                     struct timeline_gap **ret_gaps)
{
    const struct timeline_params p = {.from_us = 0,
                                      .to_us = 1000 * S,
                                      .first_us = 100 * S,
                                      .now_us = 800 * (int64_t)S,
                                      .runs = runs,
                                      .n_runs = n_runs,
                                      .known = known,
                                      .n_known = n_known};
    return timeline_gaps(&p, ret_gaps);
}

static void check(const struct timeline_gap *g, int64_t from_s, int64_t to_s, const char *reason)
{
    assert_int_equal(g->from_us, from_s * S);
    assert_int_equal(g->to_us, to_s * S);
    assert_string_equal(g->reason, reason);
}

static void without_a_word_it_was_never_sent_or_offline(void **state)
{
    const struct timeline_run runs[] = {{.from_us = 100 * S, .to_us = 200 * S},
                                        {.from_us = 200 * S + 500000, .to_us = 300 * S}};
    struct timeline_gap *g;
    assert_int_equal(gaps(runs, 2, NULL, 0, &g), 2);
    check(&g[0], 0, 100, "never_sent");
    check(&g[1], 300, 800, "offline"); /* now, not the future */
    free(g);
}

static void what_is_written_down_counts_in_its_order(void **state)
{
    const struct timeline_run run = {.from_us = 100 * S, .to_us = 300 * S};
    const struct timeline_gap known[] = {
        {350 * S, 400 * S, "deleted"}, {250 * S, 380 * S, "paused"}, {390 * S, 500 * S, "quota"}};
    struct timeline_gap *g;
    assert_int_equal(gaps(&run, 1, known, 3, &g), 5);
    check(&g[1], 300, 350, "paused");
    check(&g[2], 350, 400, "deleted");
    check(&g[3], 400, 500, "quota");
    check(&g[4], 500, 800, "offline");
    free(g);
}

static void a_run_that_has_just_ended_is_no_gap_yet(void **state)
{
    const struct timeline_run run = {.from_us = 0, .to_us = 760 * (int64_t)S};
    struct timeline_gap *g;
    assert_int_equal(gaps(&run, 1, NULL, 0, &g), 0);
    free(g);
}

static void hidden_parts_are_cut_out_of_runs(void **state)
{
    const struct timeline_run runs[] = {{.from_us = 0, .to_us = 100 * S, .late = true},
                                        {.from_us = 50 * S, .to_us = 60 * S}};
    const struct timeline_gap hidden[] = {{10 * S, 20 * S, ""}, {15 * S, 70 * S, ""}};
    struct timeline_run *v;
    assert_int_equal(timeline_visible(runs, 2, hidden, 2, &v), 2);
    assert_int_equal(v[0].to_us, 10 * S);
    assert_int_equal(v[1].from_us, 70 * S);
    assert_int_equal(v[1].to_us, 100 * S);
    assert_true(v[1].late);
    free(v);
}

/* Runs and reasons at random: gaps are in order, touch no run, and with the runs cover all of it.
 */
static void gaps_and_runs_cover_the_span(void **state)
{
    static const char *const reasons[] = {"deleted", "paused", "expired"};
    srandom(3);
    for (int round = 0; round < 500; round++) {
        struct timeline_run runs[12];
        struct timeline_gap known[8], *g;
        int64_t at = 0;
        for (int i = 0; i < 12; i++) {
            at += random() % 60;
            runs[i] =
                (struct timeline_run){.from_us = at * S, .to_us = (at + 1 + random() % 80) * S};
        }
        for (int i = 0; i < 8; i++) {
            int64_t from = random() % 900;
            known[i] = (struct timeline_gap){from * S, (from + 1 + random() % 200) * S,
                                             reasons[random() % 3]};
        }
        uint32_t n = gaps(runs, 12, known, 8, &g);
        bool covered[800] = {0};
        for (uint32_t i = 0; i < n; i++) {
            assert_true(g[i].from_us < g[i].to_us && (i == 0 || g[i].from_us >= g[i - 1].to_us));
            for (int64_t s = g[i].from_us / S; s < g[i].to_us / S; s++) {
                assert_false(covered[s]);
                covered[s] = true;
            }
        }
        for (int i = 0; i < 12; i++) {
            for (int64_t s = runs[i].from_us / S; s < runs[i].to_us / S && s < 800; s++) {
                covered[s] = true;
            }
        }
        int64_t last = 0;
        for (int i = 0; i < 12; i++) {
            last = runs[i].to_us / S > last ? runs[i].to_us / S : last;
        }
        for (int64_t s = 0; s < 800 && (s < last || last < 800 - 90); s++) {
            assert_true(covered[s]);
        }
        free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_it_was_never_sent_or_offline),
        cmocka_unit_test(what_is_written_down_counts_in_its_order),
        cmocka_unit_test(a_run_that_has_just_ended_is_no_gap_yet),
        cmocka_unit_test(hidden_parts_are_cut_out_of_runs),
        cmocka_unit_test(gaps_and_runs_cover_the_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
