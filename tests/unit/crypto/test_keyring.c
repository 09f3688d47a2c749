/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "crypto/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct story {
    char dir[64], path[96];
};

static int set_up(void **state)
{
    struct story *s = mem_new(struct story);
    snprintf(s->dir, sizeof s->dir, "/tmp/doorward-keyring-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof s->path, "%s/master.key", s->dir);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct story *s = *state;
    unlink(s->path);
    assert_int_equal(rmdir(s->dir), 0); /* nothing else was left there */
    free(s);
    return 0;
}

static void first_start_makes_a_private_key_file_and_later_ones_read_it(void **state)
{
    struct story *s = *state;
    struct keyring *a, *b;
    uint8_t ka[32], kb[32];
    struct stat st;
    assert_int_equal(keyring_load(s->path, false, &a), -ENOENT);
    assert_int_equal(keyring_load(s->path, true, &a), 0);
    assert_int_equal(keyring_load(s->path, true, &b), 0);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    keyring_derive(a, "signed-link", ka);
    keyring_derive(b, "signed-link", kb);
    assert_memory_equal(ka, kb, 32);
    keyring_derive(b, "cursor", kb);
    assert_memory_not_equal(ka, kb, 32);
    keyring_destroy(a);
    assert_null(keyring_destroy(b));
}

static void key_file_that_others_can_read_or_of_a_wrong_size_is_refused(void **state)
{
    struct story *s = *state;
    struct keyring *k;
    assert_int_equal(keyring_load(s->path, true, &k), 0);
    keyring_destroy(k);
    assert_int_equal(chmod(s->path, 0640), 0);
    assert_int_equal(keyring_load(s->path, true, &k), -EACCES);
    assert_int_equal(chmod(s->path, 0600), 0);
    assert_int_equal(truncate(s->path, 31), 0);
    assert_int_equal(keyring_load(s->path, true, &k), -EINVAL);
}

static void object_key_opens_for_its_household_and_object_only(void **state)
{
    struct story *s = *state;
    struct keyring *k;
    struct id home = id_new(), other = id_new(), object = id_new();
    uint8_t home_wrapped[KEY_WRAPPED_SIZE], other_wrapped[KEY_WRAPPED_SIZE];
    uint8_t wrapped[KEY_WRAPPED_SIZE], key[32], got[32] = {7};
    assert_int_equal(keyring_load(s->path, true, &k), 0);
    keyring_new_household(k, &home, home_wrapped);
    keyring_new_household(k, &other, other_wrapped);
    assert_int_equal(keyring_new_object(k, &home, home_wrapped, &object, key, wrapped), 0);
    assert_int_equal(keyring_open_object(k, &home, home_wrapped, &object, wrapped, got), 0);
    assert_memory_equal(key, got, 32);

    memset(got, 7, sizeof got);
    assert_int_equal(keyring_open_object(k, &other, other_wrapped, &object, wrapped, got),
                     -EBADMSG);
    assert_int_equal(keyring_open_object(k, &other, home_wrapped, &object, wrapped, got), -EBADMSG);
    assert_int_equal(keyring_open_object(k, &home, home_wrapped, &other, wrapped, got), -EBADMSG);
    for (size_t i = 0; i < KEY_WRAPPED_SIZE; i++) {
        wrapped[i] ^= 1;
        assert_int_equal(keyring_open_object(k, &home, home_wrapped, &object, wrapped, got),
                         -EBADMSG);
        wrapped[i] ^= 1;
    }
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(got[i], 7); /* untouched by all the failures */
    }
    keyring_destroy(k);
}

static void two_wraps_of_one_household_differ(void **state)
{
    struct story *s = *state;
    struct keyring *k;
    struct id home = id_new();
    uint8_t a[KEY_WRAPPED_SIZE], b[KEY_WRAPPED_SIZE];
    assert_int_equal(keyring_load(s->path, true, &k), 0);
    keyring_new_household(k, &home, a);
    keyring_new_household(k, &home, b);
    assert_memory_not_equal(a, b, sizeof a);
    keyring_destroy(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_start_makes_a_private_key_file_and_later_ones_read_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(key_file_that_others_can_read_or_of_a_wrong_size_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(object_key_opens_for_its_household_and_object_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_wraps_of_one_household_differ, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
