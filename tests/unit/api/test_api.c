/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "api/api.h"
#include "crypto/keyring.h"

#include <stdio.h>
#include <unistd.h>

static struct keyring *fresh_keyring(void)
{
    char path[] = "/tmp/doorward-keyring-XXXXXX";
    struct keyring *k = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    assert_int_equal(keyring_load(path, true, &k), 0);
    unlink(path);
    return k;
}

static void a_cursor_comes_back_as_it_went(void **state)
{
    struct keyring *k = fresh_keyring();
    const struct api api = {.keyring = k};
    static const int64_t times[] = {0, 1, -1, 1790000000123456, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct id id = id_new(), back;
        char text[96];
        int64_t us;
        api_cursor_format(&api, times[i], &id, text);
        assert_int_equal(api_cursor_parse(&api, text, &us, &back), 0);
        assert_true(us == times[i]);
        assert_true(id_equal(&id, &back));
    }
    keyring_destroy(k);
}

static void a_changed_cursor_is_refused(void **state)
{
    struct keyring *k = fresh_keyring(), *other = fresh_keyring();
    const struct api api = {.keyring = k}, elsewhere = {.keyring = other};
    struct id id = id_new(), back;
    char text[96], changed[96];
    int64_t us;
    api_cursor_format(&api, 1790000000123456, &id, text);
    assert_int_not_equal(api_cursor_parse(&elsewhere, text, &us, &back), 0);
    for (size_t i = 0; i < strlen(text); i++) {
        strcpy(changed, text);
        changed[i] = changed[i] == 'A' ? 'Q' : 'A';
        if (!api_cursor_parse(&api, changed, &us, &back)) {
            fail_msg("taken with character %zu changed", i);
        }
    }
    assert_int_not_equal(api_cursor_parse(&api, "", &us, &back), 0);
    text[strlen(text) - 4] = 0;
    assert_int_not_equal(api_cursor_parse(&api, text, &us, &back), 0);
    keyring_destroy(k);
    keyring_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_comes_back_as_it_went),
        cmocka_unit_test(a_changed_cursor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
