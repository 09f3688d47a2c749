/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "request/area.h"

#include <math.h>

static double km2(const struct area_point *p, size_t n)
{
    double a = -1;
    assert_int_equal(area_measure(p, n, &a), 0);
    return a;
}

static void a_square_kilometre_measures_one_wherever_it_is(void **state)
{
    /* Sides of 1 km by the geodesic tables: one minute of latitude is 1.842905 km at the
     * equator, 1.855363 at 50 degrees. */
    for (int lat = -60; lat <= 60; lat += 20) {
        double f = lat * M_PI / 180;
        double e2 = 0.00669437999014, a = 6378.137;
        double w = sqrt(1 - e2 * sin(f) * sin(f));
        double dlat = 180 / M_PI / (a * (1 - e2) / (w * w * w)),
               dlon = 180 / M_PI / (a / w * cos(f));
        struct area_point p[] = {{10 - dlon / 2, lat - dlat / 2},
                                 {10 + dlon / 2, lat - dlat / 2},
                                 {10 + dlon / 2, lat + dlat / 2},
                                 {10 - dlon / 2, lat + dlat / 2}};
        assert_true(fabs(km2(p, 4) - 1) < 0.002);
    }
}

static void direction_does_not_matter(void **state)
{
    struct area_point a[] = {{8, 50}, {8.01, 50}, {8.01, 50.01}},
                      b[] = {{8.01, 50.01}, {8.01, 50}, {8, 50}};
    assert_true(fabs(km2(a, 3) - km2(b, 3)) < 1e-9);
}

static void crossing_sides_are_refused(void **state)
{
    double area;
    struct area_point bow[] = {{0, 0}, {1, 1}, {1, 0}, {0, 1}};
    struct area_point spike[] = {{0, 0}, {2, 0}, {1, 0}, {1, 1}};
    struct area_point twice[] = {{0, 0}, {1, 0}, {0, 0}, {0, 1}};
    struct area_point flat[] = {{0, 0}, {1, 0}, {2, 0}};
    assert_int_equal(area_measure(bow, 4, &area), AREA_E_CROSSING);
    assert_int_equal(area_measure(spike, 4, &area), AREA_E_CROSSING);
    assert_int_equal(area_measure(twice, 4, &area), AREA_E_CROSSING);
    assert_int_equal(area_measure(flat, 3, &area), AREA_E_CROSSING);
}

static void a_concave_polygon_is_fine(void **state)
{
    struct area_point l[] = {{0, 0},       {0.02, 0},    {0.02, 0.01},
                             {0.01, 0.01}, {0.01, 0.02}, {0, 0.02}};
    assert_true(km2(l, 6) > 0);
}

static void places_off_the_map_are_refused(void **state)
{
    double area;
    struct area_point off[] = {{0, 0}, {1, 0}, {181, 1}}, pole[] = {{0, 89}, {1, 89}, {1, 89.5}};
    struct area_point nan_[] = {{0, 0}, {1, 0}, {(double)NAN, 1}},
                      wide[] = {{-179, 0}, {179, 0}, {179, 1}};
    assert_int_equal(area_measure(off, 3, &area), AREA_E_RANGE);
    assert_int_equal(area_measure(pole, 3, &area), AREA_E_RANGE);
    assert_int_equal(area_measure(nan_, 3, &area), AREA_E_RANGE);
    assert_int_equal(area_measure(wide, 3, &area), AREA_E_RANGE);
    assert_int_equal(area_measure(wide, 2, &area), AREA_E_POINTS);
}

static void text_goes_there_and_back(void **state)
{
    struct area_point p[AREA_POINTS_MAX], q[AREA_POINTS_MAX];
    size_t n = 0, m = 0;
    struct buf b = BUF_INIT(4096);
    assert_int_equal(area_parse("8.5,50.1 8.6,50.1  8.6,50.25 8.5,50.1", p, &n), 0);
    assert_int_equal(n, 3);
    area_format(p, n, &b);
    assert_string_equal(
        (char *)b.data,
        "((8.500000000,50.100000000),(8.600000000,50.100000000),(8.600000000,50.250000000))");
    assert_int_equal(area_parse_polygon((char *)b.data, q, &m), 0);
    assert_int_equal(m, 3);
    assert_memory_equal(p, q, 3 * sizeof(p[0]));
    buf_finish(&b);
}

static void odd_text_is_refused(void **state)
{
    struct area_point p[AREA_POINTS_MAX];
    size_t n;
    static const char *const odd[] = {"",       "1",        "1,",       "1,2;3,4", "nan,1",
                                      "1,2 x",  "1,2 3,4z", "inf,2",    "1,2)",    "1,2 ",
                                      "((1,2)", "((1,2)))", "((1,2),)", "(1,2)"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        if (!area_parse(odd[i], p, &n) || !area_parse_polygon(odd[i], p, &n)) {
            fail_msg("taken: %s", odd[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_square_kilometre_measures_one_wherever_it_is),
        cmocka_unit_test(direction_does_not_matter),
        cmocka_unit_test(crossing_sides_are_refused),
        cmocka_unit_test(a_concave_polygon_is_fine),
        cmocka_unit_test(places_off_the_map_are_refused),
        cmocka_unit_test(text_goes_there_and_back),
        cmocka_unit_test(odd_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
