/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "crypto/password.h"

static void password_hash_verifies_and_has_the_stated_cost(void **state)
{
    char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash("correct horse", a), 0);
    assert_int_equal(password_hash("correct horse", b), 0);
    assert_memory_equal(a, "$argon2id$v=19$m=65536,t=3,p=1$", 31);
    assert_string_not_equal(a, b);
    assert_true(password_verify("correct horse", a));
    assert_false(password_verify("correct horsf", a));
    assert_false(password_verify("", a));
}

/* The example in the PHP manual for sodium_crypto_pwhash_str(): m = 2^16, t = 2, p = 1. */
static void published_argon2id_hash_verifies(void **state)
{
    const char *hash = "$argon2id$v=19$m=65536,t=2,p=1$oWIfdaXwWwhVmovOBc2NAQ$EbsZ+"
                       "JnZyyavkafS0hoc4HdaOB0ILWZESAZ7kVGa+Iw";
    assert_true(password_verify("password", hash));
    assert_false(password_verify("differentpassword", hash));
}

static void text_that_is_no_hash_verifies_nothing(void **state)
{
    assert_false(password_verify("password", ""));
    assert_false(password_verify("password", "$argon2id$v=19$"));
    assert_false(password_verify("password", "password"));
}

static uint64_t timed(void (*fn)(void))
{
    uint64_t before = clock_mono_ms();
    fn();
    return clock_mono_ms() - before;
}

static char kept_hash[PASSWORD_HASH_SIZE];

static void verify_somebody(void)
{
    assert_false(password_verify("guess", kept_hash));
}

static void verify_nobody(void)
{
    password_verify_nobody("guess");
}

static void unknown_account_takes_as_long_as_a_known_one(void **state)
{
    assert_int_equal(password_hash("x", kept_hash), 0);
    uint64_t known = timed(verify_somebody), unknown = timed(verify_nobody);
    /* The machine may be busy; a missing computation would be 100 times faster. */
    assert_true(unknown * 4 > known && known * 4 > unknown);
}

static const uint8_t rfc_secret[] = "12345678901234567890";

/* RFC 6238 appendix B, SHA-1, last six digits. */
static void totp_accepts_the_published_codes(void **state)
{
    static const struct {
        int64_t s;
        const char *code;
    } v[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
             {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        int64_t step = -1;
        assert_true(totp_verify(rfc_secret, 20, v[i].code, v[i].s * CLOCK_US, &step));
        assert_int_equal(step, v[i].s / 30);
    }
}

static void totp_allows_one_step_either_way_and_no_more(void **state)
{
    int64_t step = -1, at = 1111111111;
    assert_true(totp_verify(rfc_secret, 20, "050471", (at + 30) * CLOCK_US, &step));
    assert_int_equal(step, at / 30);
    assert_true(totp_verify(rfc_secret, 20, "050471", (at - 30) * CLOCK_US, &step));
    step = -1;
    assert_false(totp_verify(rfc_secret, 20, "050471", (at + 60) * CLOCK_US, &step));
    assert_false(totp_verify(rfc_secret, 20, "050471", (at - 61) * CLOCK_US, &step));
    assert_false(totp_verify(rfc_secret, 20, "50471", at * CLOCK_US, &step));
    assert_false(totp_verify(rfc_secret, 20, "0504710", at * CLOCK_US, &step));
    assert_false(totp_verify(rfc_secret, 20, "", at * CLOCK_US, &step));
    assert_false(totp_verify(rfc_secret, 0, "050471", at * CLOCK_US, &step));
    assert_int_equal(step, -1);
}

static void totp_uri_carries_the_secret_in_base32(void **state)
{
    char *uri = totp_uri(rfc_secret, 20, "Door ward", "ann@example.org");
    assert_string_equal(uri, "otpauth://totp/Door%20ward:ann%40example.org"
                             "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Door%20ward"
                             "&algorithm=SHA1&digits=6&period=30");
    free(uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_hash_verifies_and_has_the_stated_cost),
        cmocka_unit_test(published_argon2id_hash_verifies),
        cmocka_unit_test(text_that_is_no_hash_verifies_nothing),
        cmocka_unit_test(unknown_account_takes_as_long_as_a_known_one),
        cmocka_unit_test(totp_accepts_the_published_codes),
        cmocka_unit_test(totp_allows_one_step_either_way_and_no_more),
        cmocka_unit_test(totp_uri_carries_the_secret_in_base32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
