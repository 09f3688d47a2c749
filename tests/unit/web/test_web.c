/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "web/web.h"

#define BYTES(s)                                                                                   \
    {                                                                                              \
        (const unsigned char *)(s), sizeof(s) - 1                                                  \
    }
static const struct web_file all_forms = {.form = {BYTES("abc"), BYTES("z"), BYTES("b")}};
static const struct web_file no_brotli = {.form = {BYTES("abc"), BYTES("z")}};

static void a_browser_gets_brotli(void **state)
{
    assert_int_equal(web_encoding_choose(&all_forms, "gzip, deflate, br, zstd"), WEB_BROTLI);
    assert_int_equal(web_encoding_choose(&all_forms, "BR"), WEB_BROTLI);
}

static void a_form_that_is_not_carried_is_never_chosen(void **state)
{
    assert_int_equal(web_encoding_choose(&no_brotli, "br, gzip"), WEB_GZIP);
    assert_int_equal(web_encoding_choose(&no_brotli, "br"), WEB_PLAIN);
}

static void without_the_header_the_plain_form_is_sent(void **state)
{
    assert_int_equal(web_encoding_choose(&all_forms, NULL), WEB_PLAIN);
    assert_int_equal(web_encoding_choose(&all_forms, ""), WEB_PLAIN);
    assert_int_equal(web_encoding_choose(&all_forms, " , ,"), WEB_PLAIN);
}

static void a_weight_of_zero_refuses(void **state)
{
    assert_int_equal(web_encoding_choose(&all_forms, "br;q=0, gzip"), WEB_GZIP);
    assert_int_equal(web_encoding_choose(&all_forms, "br; q=0.0, gzip;q=0.000"), WEB_PLAIN);
    assert_int_equal(web_encoding_choose(&all_forms, "br;q=0.5"), WEB_BROTLI);
}

static void a_star_stands_for_what_is_not_named(void **state)
{
    assert_int_equal(web_encoding_choose(&all_forms, "*"), WEB_BROTLI);
    assert_int_equal(web_encoding_choose(&all_forms, "br;q=0, *"), WEB_GZIP);
    assert_int_equal(web_encoding_choose(&all_forms, "*;q=0"), WEB_PLAIN);
    assert_int_equal(web_encoding_choose(&all_forms, "*;q=0, gzip"), WEB_GZIP);
}

static void a_longer_name_is_another_encoding(void **state)
{
    assert_int_equal(web_encoding_choose(&all_forms, "brotli, gzipx"), WEB_PLAIN);
}

static void the_table_is_sorted_and_holds_the_page_and_the_description(void **state)
{
    for (size_t i = 1; i < web_files_n; i++) {
        assert_true(strcmp(web_files[i - 1].path, web_files[i].path) < 0);
    }
    for (size_t i = 0; i < web_files_n; i++) {
        assert_ptr_equal(web_file_find(web_files[i].path), &web_files[i]);
        assert_true(web_files[i].form[WEB_PLAIN].n > 0);
    }
    assert_non_null(web_file_find("/index.html"));
    assert_non_null(web_file_find("/api/openapi.json"));
    assert_null(web_file_find("/assets/"));
    assert_null(web_file_find("/assets/../index.html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_browser_gets_brotli),
        cmocka_unit_test(a_form_that_is_not_carried_is_never_chosen),
        cmocka_unit_test(without_the_header_the_plain_form_is_sent),
        cmocka_unit_test(a_weight_of_zero_refuses),
        cmocka_unit_test(a_star_stands_for_what_is_not_named),
        cmocka_unit_test(a_longer_name_is_another_encoding),
        cmocka_unit_test(the_table_is_sorted_and_holds_the_page_and_the_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
