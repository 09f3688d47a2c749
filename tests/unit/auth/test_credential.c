/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "auth/credential.h"

static void a_new_one_has_its_prefix_and_hashes_to_what_is_stored(void **state)
{
    char a[CREDENTIAL_SIZE], b[CREDENTIAL_SIZE];
    uint8_t stored[SHA256_SIZE], found[SHA256_SIZE];
    credential_new(CREDENTIAL_CAMERA, b, stored);
    credential_new(CREDENTIAL_CAMERA, a, stored);
    assert_memory_equal(a, "dwc_", 4);
    assert_int_equal(strlen(a), 47);
    assert_string_not_equal(a, b);
    assert_int_equal(credential_hash(a, strlen(a), found), 0);
    assert_memory_equal(found, stored, SHA256_SIZE);
}

static void basic_and_bearer_are_read(void **state)
{
    struct credential_header h;
    assert_int_equal(credential_parse("Basic Y2FtOnNlOmNyZXQ=", &h), 0); /* cam:se:cret */
    assert_true(h.basic);
    assert_string_equal(h.user, "cam");
    assert_string_equal(h.secret, "se:cret");
    assert_int_equal(credential_parse("bearer  dwt_x", &h), 0);
    assert_false(h.basic);
    assert_string_equal(h.secret, "dwt_x");
}

static void odd_headers_are_refused(void **state)
{
    struct credential_header h;
    char longer[600] = "Bearer ";
    memset(longer + 7, 'a', 400);
    static const char *const odd[] = {"",          "Basic",         "Basic ",     "Bearer ",
                                      "Digest x",  "Basic Y2Ft",    "Basic !!!!", "Bearer",
                                      "BearerX y", "Basic AGE6Yg=="};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        if (!credential_parse(odd[i], &h)) {
            fail_msg("taken: %s", odd[i]);
        }
    }
    assert_int_not_equal(credential_parse(longer, &h), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_has_its_prefix_and_hashes_to_what_is_stored),
        cmocka_unit_test(basic_and_bearer_are_read),
        cmocka_unit_test(odd_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
