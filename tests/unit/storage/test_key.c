/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "storage/store.h"

#include <errno.h>

static void key_fans_out_by_the_end_of_the_id_and_parses_back(void **state)
{
    char key[STORE_KEY_SIZE];
    struct id id, got;
    assert_int_equal(id_parse("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", &id), 0);
    store_key(&id, key);
    assert_string_equal(key, "seg/5b/4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
    assert_int_equal(store_key_parse(key, &got), 0);
    assert_true(id_equal(&id, &got));
}

static void nothing_but_a_made_key_parses(void **state)
{
    static const char *const bad[] = {
        "",
        "seg",
        "../../etc/passwd",
        "seg/../../../../../../../../../../../../etc/passwd",
        "/seg/5b/4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "seg/5b/4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b/",
        "seg/5b/4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5",
        "seg/5b/4b/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "seg/5B/4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "seg/5b/4a/0190A1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "seg/../4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "xyz/5b/4a/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct id id;
        if (store_key_parse(bad[i], &id) != -EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_fans_out_by_the_end_of_the_id_and_parses_back),
        cmocka_unit_test(nothing_but_a_made_key_parses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
