/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/str.h"
#include "crypto/hash.h"

#include <errno.h>

static void assert_hex(const uint8_t *p, size_t n, const char *want)
{
    char *hex = mem_alloc(2 * n + 1, 1);
    str_hex(p, n, hex);
    assert_string_equal(hex, want);
    free(hex);
}

/* FIPS 180-4 examples. */
static void sha256_gives_the_published_digests(void **state)
{
    uint8_t d[SHA256_SIZE];
    sha256_of("abc", 3, d);
    assert_hex(d, sizeof d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_of("", 0, d);
    assert_hex(d, sizeof d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, d);
    assert_hex(d, sizeof d, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_in_pieces_gives_the_same_and_starts_anew_after_final(void **state)
{
    struct sha256 *h = sha256_create();
    uint8_t d[SHA256_SIZE], thousand[1000];
    memset(thousand, 'a', sizeof thousand);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            sha256_update(h, thousand, sizeof thousand);
        }
        sha256_final(h, d);
        assert_hex(d, sizeof d, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
    assert_null(sha256_destroy(h));
    assert_null(sha256_destroy(NULL));
}

/* RFC 4231, cases 1, 2 and 6. */
static void hmac_gives_the_published_values(void **state)
{
    uint8_t key[131], d[SHA256_SIZE];
    memset(key, 0x0b, 20);
    hmac_sha256(key, 20, "Hi There", 8, d);
    assert_hex(d, sizeof d, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, d);
    assert_hex(d, sizeof d, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    hmac_sha256(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, d);
    assert_hex(d, sizeof d, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_with_an_empty_key_does_not_reuse_the_last_key(void **state)
{
    uint8_t a[SHA256_SIZE], b[SHA256_SIZE];
    hmac_sha256(NULL, 0, "x", 1, a);
    hmac_sha256("key", 3, "x", 1, b);
    hmac_sha256(NULL, 0, "x", 1, b);
    assert_memory_equal(a, b, sizeof a);
}

/* RFC 5869, cases 1 and 3. */
static void hkdf_gives_the_published_keys(void **state)
{
    uint8_t ikm[22], salt[13], info[10], okm[42];
    memset(ikm, 0x0b, sizeof ikm);
    for (uint8_t i = 0; i < sizeof salt; i++) {
        salt[i] = i;
    }
    for (uint8_t i = 0; i < sizeof info; i++) {
        info[i] = (uint8_t)(0xf0 + i);
    }
    struct hkdf_params p = {ikm, salt, info, sizeof ikm, sizeof salt, sizeof info};
    hkdf_sha256(&p, okm, sizeof okm);
    assert_hex(
        okm, sizeof okm,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    struct hkdf_params bare = {.key = ikm, .key_n = sizeof ikm};
    hkdf_sha256(&bare, okm, sizeof okm);
    assert_hex(
        okm, sizeof okm,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

/* RFC 4648 section 10, without padding, and its alphabet of section 5. */
static void base64url_writes_the_published_texts(void **state)
{
    static const char *const text[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const want[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    char out[16];
    for (size_t i = 0; i < ARRAY_LEN(text); i++) {
        base64url(text[i], strlen(text[i]), out);
        assert_string_equal(out, want[i]);
    }
    base64url("\xfb\xff\xbe", 3, out);
    assert_string_equal(out, "-_--");
}

static void base64_reads_both_alphabets_with_and_without_padding(void **state)
{
    uint8_t out[8];
    assert_int_equal(base64_decode("Zm9vYmE=", 8, out, sizeof out), 5);
    assert_memory_equal(out, "fooba", 5);
    assert_int_equal(base64_decode("Zm9vYmE", 7, out, sizeof out), 5);
    assert_int_equal(base64_decode("Zg==", 4, out, sizeof out), 1);
    assert_int_equal(base64_decode("+/--", 4, out, sizeof out), 3);
    assert_memory_equal(out, "\xfb\xff\xbe", 3);
    assert_int_equal(base64_decode("", 0, out, sizeof out), 0);
}

static void base64_refuses_what_is_no_value(void **state)
{
    static const char *const bad[] = {"Z",     "Zg=", "Zh",     "Zm9",  "Zm9v=", "Zm9vY===",
                                      "Zm 9v", "===", "Zm9v\n", "Zm=v", "====",  "Zg==Zg=="};
    uint8_t out[16];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (base64_decode(bad[i], strlen(bad[i]), out, sizeof out) != -EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(base64_decode("Zm9vYmFy", 8, out, 5), -EINVAL);
    assert_int_equal(base64_decode("Zm9vYmFy", 8, out, 6), 6);
}

static void random_bytes_fill_everything_and_differ(void **state)
{
    uint8_t a[512] = {0}, b[512] = {0};
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    assert_false(bytes_equal(a, b, sizeof a));
    assert_false(bytes_equal(a + 480, (uint8_t[32]){0}, 32));
    assert_true(bytes_equal(a, a, sizeof a));
    secret_wipe(a, sizeof a);
    assert_true(bytes_equal(a, (uint8_t[512]){0}, sizeof a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(sha256_in_pieces_gives_the_same_and_starts_anew_after_final),
        cmocka_unit_test(hmac_gives_the_published_values),
        cmocka_unit_test(hmac_with_an_empty_key_does_not_reuse_the_last_key),
        cmocka_unit_test(hkdf_gives_the_published_keys),
        cmocka_unit_test(base64url_writes_the_published_texts),
        cmocka_unit_test(base64_reads_both_alphabets_with_and_without_padding),
        cmocka_unit_test(base64_refuses_what_is_no_value),
        cmocka_unit_test(random_bytes_fill_everything_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
