/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include "base/clock.h"
#include "crypto/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { PASSWORD_PASSES = 3, PASSWORD_MEMORY_BYTES = 64 << 20 };
_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "a PHC string fits");

static void sodium_start(void)
{
    ALWAYS(sodium_init() >= 0);
}

/* Picks the fast Argon2 code for this CPU; hashing works on several pool threads at once. */
static void sodium_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    ALWAYS(pthread_once(&once, sodium_start) == 0);
}

int password_hash(const char *password, char out[PASSWORD_HASH_SIZE])
{
    sodium_ready();
    return crypto_pwhash_str(out, password, strlen(password), PASSWORD_PASSES,
                             PASSWORD_MEMORY_BYTES) == 0
               ? 0
               : -ENOMEM;
}

bool password_verify(const char *password, const char *hash)
{
    sodium_ready();
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

void password_verify_nobody(const char *password)
{
    static const uint8_t salt[crypto_pwhash_SALTBYTES];
    uint8_t out[32];
    sodium_ready();
    /* The result is not wanted, only the time it takes. */
    int r = crypto_pwhash(out, sizeof out, password, strlen(password), salt, PASSWORD_PASSES,
                          PASSWORD_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    (void)r;
    secret_wipe(out, sizeof out);
}

enum { TOTP_DIGITS = 6, TOTP_PERIOD_S = 30, TOTP_MODULUS = 1000000 };

/* RFC 4226 5.3 with the time step as counter. */
static void totp_code(const uint8_t *secret, size_t n, int64_t step, char out[TOTP_DIGITS + 1])
{
    uint8_t counter[8], mac[20];
    for (int i = 0; i < 8; i++) {
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    }
    ALWAYS(HMAC(EVP_sha1(), secret, (int)n, counter, sizeof counter, mac, NULL) != NULL);
    const uint8_t *at = mac + (mac[19] & 15);
    uint32_t value = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
                     (uint32_t)at[3];
    snprintf(out, TOTP_DIGITS + 1, "%06u", value % TOTP_MODULUS);
}

bool totp_verify(const uint8_t *secret, size_t n, const char *code, int64_t now_us,
                 int64_t *ret_step)
{
    int64_t now = now_us / CLOCK_US / TOTP_PERIOD_S;
    bool found = false;
    if (n == 0 || strlen(code) != TOTP_DIGITS) {
        return false;
    }
    /* All three are always computed: the time says nothing about which one it was. */
    for (int64_t step = now - 1; step <= now + 1; step++) {
        char want[TOTP_DIGITS + 1];
        totp_code(secret, n, step, want);
        if (bytes_equal(want, code, TOTP_DIGITS)) {
            *ret_step = step;
            found = true;
        }
    }
    return found;
}

static void uri_append(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr("-._~", *s) != NULL;
        if (plain) {
            buf_append(b, s, 1);
        } else {
            buf_printf(b, "%%%02X", (uint8_t)*s);
        }
    }
}

static void base32_append(struct buf *b, const uint8_t *p, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | p[i];
        for (have += 8; have >= 5; have -= 5) {
            buf_append(b, &digit[bits >> (have - 5) & 31], 1);
        }
    }
    if (have > 0) {
        buf_append(b, &digit[bits << (5 - have) & 31], 1);
    }
}

char *totp_uri(const uint8_t *secret, size_t n, const char *issuer, const char *account)
{
    struct buf b = BUF_INIT(4096);
    buf_str(&b, "otpauth://totp/");
    uri_append(&b, issuer);
    buf_str(&b, ":");
    uri_append(&b, account);
    buf_str(&b, "?secret=");
    base32_append(&b, secret, n);
    buf_str(&b, "&issuer=");
    uri_append(&b, issuer);
    buf_str(&b, "&algorithm=SHA1&digits=6&period=30");
    ALWAYS(!b.overflow);
    return buf_take(&b);
}
