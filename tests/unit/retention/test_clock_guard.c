/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "retention/clock_guard.h"

#include <string.h>

#define HOUR INT64_C(3600000000)
#define DAY  (24 * HOUR)
#define NOW  INT64_C(1790000000000000)

struct row {
    const char *what;
    enum clock_verdict want;
    bool unknown, trusted, other_start, synchronised;
    int64_t wall, uptime, database, newest; /* passed since the last time, apart from the wall */
};

static void judge(const struct row *row)
{
    struct clock_memory m = {.known = !row->unknown,
                             .boot_id = "one",
                             .uptime_us = DAY,
                             .wall_us = NOW,
                             .trusted = row->trusted};
    struct clock_facts f = {.wall_us = NOW + row->wall,
                            .uptime_us = DAY + row->uptime,
                            .synchronised = row->synchronised,
                            .database_us = NOW + row->wall + row->database,
                            .newest_us = row->newest != 0 ? NOW + row->newest : 0};
    strcpy(f.boot_id, row->other_start ? "two" : "one");
    if (clock_judge(&m, &f) != row->want) {
        fail_msg("%s: %s", row->what, clock_verdict_text(clock_judge(&m, &f)));
    }
}

static void a_jump_of_more_than_an_hour_is_not_believed(void **state)
{
    static const struct row rows[] = {
        {"a minute later", CLOCK_BELIEVED, .wall = HOUR / 60, .uptime = HOUR / 60},
        {"the first time ever", CLOCK_BELIEVED, .unknown = true},
        {"half an hour off", CLOCK_BELIEVED, .wall = HOUR / 2},
        {"two days off, nothing ran, the machine did", CLOCK_BELIEVED, .wall = 2 * DAY,
         .uptime = 2 * DAY},
        {"ahead by a day", CLOCK_WENT_AHEAD, .wall = DAY, .uptime = HOUR / 60},
        {"ahead by a day, and the network says so", CLOCK_WENT_AHEAD, .wall = DAY,
         .synchronised = true},
        {"to 2038", CLOCK_WENT_AHEAD, .wall = 12 * 365 * DAY, .uptime = HOUR / 60},
        {"back by two hours", CLOCK_WENT_BACK, .wall = -2 * HOUR, .uptime = HOUR / 60},
        {"to 1970", CLOCK_WENT_BACK, .wall = -NOW},
        {"to 1970, first time on a used database", CLOCK_WENT_BACK, .unknown = true, .wall = -NOW,
         .newest = -HOUR},
        {"the database's clock is right", CLOCK_DATABASE_DIFFERS, .wall = DAY, .database = -DAY},
        {"the database's clock is right, whatever the operator says", CLOCK_DATABASE_DIFFERS,
         .wall = DAY, .database = -DAY, .trusted = true},
        {"the operator knows", CLOCK_BELIEVED, .wall = DAY, .trusted = true},
        {"started anew within the hour", CLOCK_BELIEVED, .wall = HOUR / 2, .other_start = true},
        {"off for a week", CLOCK_UNPROVED, .wall = 7 * DAY, .other_start = true},
        {"off for a week, the network knows", CLOCK_BELIEVED, .wall = 7 * DAY, .other_start = true,
         .synchronised = true},
        {"off, then in the past", CLOCK_WENT_BACK, .wall = -DAY, .other_start = true,
         .synchronised = true},
        {"the uptime began again under the same name", CLOCK_UNPROVED, .wall = DAY,
         .uptime = -HOUR},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        judge(&rows[i]);
    }
}

static void this_machine_tells_its_time(void **state)
{
    struct clock_facts f;
    clock_look(&f);
    assert_true(f.wall_us > 0);
    assert_true(f.uptime_us > 0);
    assert_int_equal(strlen(f.boot_id), 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jump_of_more_than_an_hour_is_not_believed),
        cmocka_unit_test(this_machine_tells_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
