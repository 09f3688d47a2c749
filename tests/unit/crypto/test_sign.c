/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "crypto/sign.h"

#include <stdio.h>
#include <unistd.h>

static struct keyring *made(void)
{
    char dir[] = "/tmp/doorward-sign-XXXXXX", path[64];
    struct keyring *k;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/master.key", dir);
    assert_int_equal(keyring_load(path, true, &k), 0);
    unlink(path);
    rmdir(dir);
    return k;
}

static void a_signature_fits_its_text_and_its_key_alone(void **state)
{
    struct keyring *k = made(), *other = made();
    struct sign_key one, again, purpose, stranger;
    uint8_t signature[SIGN_SIZE];
    sign_key_derive(k, "tombstone", &one);
    sign_key_derive(k, "tombstone", &again);
    sign_key_derive(k, "checkpoint", &purpose);
    sign_key_derive(other, "tombstone", &stranger);
    sign(&one, "gone", 4, signature);
    assert_true(sign_verify(again.public_key, "gone", 4, signature));
    assert_false(sign_verify(one.public_key, "gon", 3, signature));
    assert_false(sign_verify(purpose.public_key, "gone", 4, signature));
    assert_false(sign_verify(stranger.public_key, "gone", 4, signature));
    for (size_t bit = 0; bit < 8 * SIGN_SIZE; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(sign_verify(one.public_key, "gone", 4, signature));
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    keyring_destroy(k);
    keyring_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_fits_its_text_and_its_key_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
