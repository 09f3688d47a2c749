/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "http/router.h"

static const struct http_route table[] = {
    {HTTP_GET, "/", NULL},
    {HTTP_GET, "/clips", NULL},
    {HTTP_GET, "/clips/{id}", NULL},
    {HTTP_DELETE, "/clips/{id}", NULL},
    {HTTP_POST, "/clips/search", NULL},
    {HTTP_GET, "/clips/{id}/segments/{file}", NULL},
    {HTTP_GET, "/{any}/{id}/segments/last", NULL},
    {HTTP_PUT, "/ingest/{camera_id}/{name}", NULL},
    {HTTP_PUT, "/s3/{bucket}/{key...}", NULL},
    {HTTP_GET, "/s3/{bucket}/{key}", NULL},
    {HTTP_GET, "/files/{path...}", NULL},
};

static int match(enum http_method m, const char *path, struct route_match *ret)
{
    struct router *r = router_create(table, ARRAY_LEN(table));
    int result = router_match(r, m, path, ret);
    router_destroy(r);
    return result;
}

static void expect(enum http_method m, const char *path, const char *pattern)
{
    struct route_match found;
    assert_int_equal(match(m, path, &found), 0);
    assert_string_equal(found.route->pattern, pattern);
}

static void literals_and_names_match(void **state)
{
    expect(HTTP_GET, "/", "/");
    expect(HTTP_GET, "/clips", "/clips");
    expect(HTTP_GET, "/clips/1", "/clips/{id}");
    expect(HTTP_DELETE, "/clips/1", "/clips/{id}");
    expect(HTTP_GET, "/clips/1/segments/2.mp4", "/clips/{id}/segments/{file}");
}

static void get_serves_head(void **state)
{
    expect(HTTP_HEAD, "/clips/1", "/clips/{id}");
}

static void the_literal_further_left_wins(void **state)
{
    struct route_match found;
    expect(HTTP_POST, "/clips/search", "/clips/search");
    /* The literal is the resource: its methods count, not those of the name beside it. */
    assert_int_equal(match(HTTP_GET, "/clips/search", &found), ROUTER_E_METHOD);
    assert_int_equal(found.allowed, 1U << HTTP_POST | 1U << HTTP_OPTIONS);
    expect(HTTP_GET, "/clips/1/segments/last", "/clips/{id}/segments/{file}");
    expect(HTTP_GET, "/other/1/segments/last", "/{any}/{id}/segments/last");
}

static void names_hold_the_raw_value(void **state)
{
    struct route_match found;
    assert_int_equal(match(HTTP_PUT, "/ingest/cam/a%20b", &found), 0);
    assert_int_equal(found.n_params, 2);
    assert_memory_equal(found.params[0].name, "camera_id", found.params[0].name_len);
    assert_int_equal(found.params[1].value_len, 5);
    assert_memory_equal(found.params[1].value, "a%20b", 5);
}

static void other_methods_are_named(void **state)
{
    struct route_match found;
    assert_int_equal(match(HTTP_PUT, "/clips/1", &found), ROUTER_E_METHOD);
    assert_int_equal(found.allowed,
                     1U << HTTP_GET | 1U << HTTP_HEAD | 1U << HTTP_DELETE | 1U << HTTP_OPTIONS);
    assert_int_equal(match(HTTP_OPTIONS, "/clips/1", &found), ROUTER_E_METHOD);
}

static void nothing_else_matches(void **state)
{
    static const char *const paths[] = {"",
                                        "clips",
                                        "/clips/",
                                        "//clips",
                                        "/clips//",
                                        "/Clips",
                                        "/clips/a/b",
                                        "/clips/%2f",
                                        "/clips/%00",
                                        "/clips/%zz",
                                        "/clips/%",
                                        "/x/1/segments/last/",
                                        "/a/b/c/d/e/f/g/h/i/j/k/l/m/n"};
    struct route_match found;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_int_equal(match(HTTP_GET, paths[i], &found), ROUTER_E_NOT_FOUND);
    }
}

static void a_name_takes_at_most_255_bytes(void **state)
{
    char path[1024] = "/clips/";
    struct route_match found;
    for (int i = 0; i < 255; i++) {
        strcat(path, "%41");
    }
    assert_int_equal(match(HTTP_GET, path, &found), 0);
    strcat(path, "a");
    assert_int_equal(match(HTTP_GET, path, &found), ROUTER_E_NOT_FOUND);
}

static void expect_rest(const char *path, const char *value)
{
    struct route_match found;
    assert_int_equal(match(HTTP_PUT, path, &found), 0);
    assert_string_equal(found.route->pattern, "/s3/{bucket}/{key...}");
    assert_int_equal(found.n_params, 2);
    assert_int_equal(found.params[1].name_len, 3);
    assert_memory_equal(found.params[1].name, "key", 3);
    assert_int_equal(found.params[1].value_len, strlen(value));
    assert_memory_equal(found.params[1].value, value, strlen(value));
}

static void a_rest_takes_all_that_follows(void **state)
{
    expect_rest("/s3/cam/a/clip.mp4", "a/clip.mp4");
    expect_rest("/s3/cam/2026/11//a%2Fb/", "2026/11//a%2Fb/");
    expect_rest("/s3/cam/", "");
    expect_rest("/s3/cam/1/2/3/4/5/6/7/8/9/10/11/12/13", "1/2/3/4/5/6/7/8/9/10/11/12/13");
    struct route_match found;
    assert_int_equal(match(HTTP_PUT, "/s3/cam", &found), ROUTER_E_NOT_FOUND);
    assert_int_equal(match(HTTP_PUT, "/s3//a", &found), ROUTER_E_NOT_FOUND);
    expect(HTTP_GET, "/files/", "/files/{path...}");
    expect(HTTP_GET, "/files/a/b", "/files/{path...}");
}

static void a_pattern_without_a_rest_wins(void **state)
{
    struct route_match found;
    expect(HTTP_GET, "/s3/cam/a", "/s3/{bucket}/{key}");
    assert_int_equal(match(HTTP_GET, "/s3/cam/a/b", &found), ROUTER_E_METHOD);
    assert_int_equal(found.allowed, 1U << HTTP_PUT | 1U << HTTP_OPTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_and_names_match),
        cmocka_unit_test(get_serves_head),
        cmocka_unit_test(the_literal_further_left_wins),
        cmocka_unit_test(names_hold_the_raw_value),
        cmocka_unit_test(other_methods_are_named),
        cmocka_unit_test(nothing_else_matches),
        cmocka_unit_test(a_name_takes_at_most_255_bytes),
        cmocka_unit_test(a_rest_takes_all_that_follows),
        cmocka_unit_test(a_pattern_without_a_rest_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
