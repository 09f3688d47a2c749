/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "request/request.h"

static const int64_t now_us = 1790000000000000, minute_us = 60000000;
/* About 0.6 km2. */
static const struct area_point block[] = {
    {8.0, 50.0}, {8.011, 50.0}, {8.011, 50.007}, {8.0, 50.007}};

static struct request_new good(void)
{
    return (struct request_new){.case_ref = "26-1",
                                .incident = "theft",
                                .contact = "desk",
                                .reason = "why",
                                .area = block,
                                .n_area = 4,
                                .from_us = now_us - 120 * minute_us,
                                .to_us = now_us - 60 * minute_us};
}

static int check(const struct request_new *n, const char *role)
{
    struct principal officer = {.kind = PRINCIPAL_OFFICER};
    double km2;
    strcpy(officer.role, role);
    return request_check(n, &officer, now_us, &km2);
}

static void a_good_request_passes(void **state)
{
    struct request_new n = good();
    assert_int_equal(check(&n, "requester"), 0);
    assert_int_equal(check(&n, "admin"), 0);
}

static void only_requesters_and_admins_ask(void **state)
{
    struct request_new n = good();
    assert_int_equal(check(&n, "evidence"), REQUEST_E_ROLE);
    assert_int_equal(check(&n, "approver"), REQUEST_E_ROLE);
}

static void the_window_has_bounds(void **state)
{
    struct request_new n = good();
    n.to_us = n.from_us + 15 * minute_us - 1;
    assert_int_equal(check(&n, "admin"), REQUEST_E_WINDOW);
    n.to_us = n.from_us + 15 * minute_us;
    assert_int_equal(check(&n, "admin"), 0);
    n.from_us = now_us - 720 * minute_us;
    n.to_us = now_us;
    assert_int_equal(check(&n, "admin"), 0);
    n.from_us--;
    assert_int_equal(check(&n, "admin"), REQUEST_E_WINDOW);
    n = good();
    n.to_us = now_us + 1;
    assert_int_equal(check(&n, "admin"), REQUEST_E_FUTURE);
    n.from_us = now_us - 30 * 1440 * minute_us - 1;
    n.to_us = n.from_us + 60 * minute_us;
    assert_int_equal(check(&n, "admin"), REQUEST_E_PAST);
    n.from_us = INT64_MIN;
    n.to_us = INT64_MIN + 60 * minute_us;
    assert_int_equal(check(&n, "admin"), REQUEST_E_PAST);
}

static void the_area_has_bounds(void **state)
{
    const struct area_point small[] = {{8.0, 50.0}, {8.001, 50.0}, {8.001, 50.001}},
                            large[] = {{8.0, 50.0}, {8.1, 50.0}, {8.1, 50.1}};
    struct request_new n = good();
    n.area = small;
    n.n_area = 3;
    assert_int_equal(check(&n, "admin"), REQUEST_E_AREA_SMALL);
    n.area = large;
    assert_int_equal(check(&n, "admin"), REQUEST_E_AREA_LARGE);
    n.n_area = 2;
    assert_int_equal(check(&n, "admin"), REQUEST_E_AREA);
}

static void the_incident_is_from_the_list(void **state)
{
    struct request_new n = good();
    n.incident = "protest";
    assert_int_equal(check(&n, "admin"), REQUEST_E_INCIDENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_passes),
        cmocka_unit_test(only_requesters_and_admins_ask),
        cmocka_unit_test(the_window_has_bounds),
        cmocka_unit_test(the_area_has_bounds),
        cmocka_unit_test(the_incident_is_from_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
