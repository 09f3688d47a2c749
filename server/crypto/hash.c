/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

struct sha256 {
    EVP_MD_CTX *ctx;
};

struct sha256 *sha256_create(void)
{
    struct sha256 *h = mem_new(struct sha256);
    h->ctx = EVP_MD_CTX_new();
    ALWAYS(h->ctx != NULL && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
    return h;
}

void sha256_update(struct sha256 *h, const void *p, size_t n)
{
    ALWAYS(EVP_DigestUpdate(h->ctx, p, n) == 1);
}

void sha256_final(struct sha256 *h, uint8_t out[SHA256_SIZE])
{
    ALWAYS(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
    /* A null type keeps the digest chosen at create: no lookup, no allocation. */
    ALWAYS(EVP_DigestInit_ex(h->ctx, NULL, NULL) == 1);
}

struct sha256 *sha256_destroy(struct sha256 *h)
{
    if (h != NULL) {
        EVP_MD_CTX_free(h->ctx);
        free(h);
    }
    return NULL;
}

void sha256_of(const void *p, size_t n, uint8_t out[SHA256_SIZE])
{
    ALWAYS(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) == 1);
}

void hmac_sha256(const void *key, size_t key_len, const void *p, size_t n, uint8_t out[SHA256_SIZE])
{
    /* libcrypto takes a null key as "keep the last one", so an empty key needs an address. */
    ALWAYS(key_len <= INT32_MAX);
    ALWAYS(HMAC(EVP_sha256(), key_len == 0 ? "" : key, (int)key_len, p, n, out, NULL) != NULL);
}

void hkdf_sha256(const struct hkdf_params *p, uint8_t *out, size_t out_n)
{
    enum { INFO_MAX = 256 };
    ALWAYS(out_n <= 255 * (size_t)SHA256_SIZE && p->info_n <= INFO_MAX);
    static const uint8_t no_salt[SHA256_SIZE];
    uint8_t prk[SHA256_SIZE], block[SHA256_SIZE];
    uint8_t in[SHA256_SIZE + INFO_MAX + 1];
    size_t before = 0; /* bytes of the previous block in front of info: none at first */
    hmac_sha256(p->salt_n > 0 ? p->salt : no_salt, p->salt_n > 0 ? p->salt_n : sizeof no_salt,
                p->key, p->key_n, prk);
    for (uint8_t i = 1; out_n > 0; i++) {
        memcpy(in, block, before);
        if (p->info_n > 0) {
            memcpy(in + before, p->info, p->info_n);
        }
        in[before + p->info_n] = i;
        hmac_sha256(prk, sizeof prk, in, before + p->info_n + 1, block);
        before = sizeof block;
        size_t take = out_n < sizeof block ? out_n : sizeof block;
        memcpy(out, block, take);
        out += take;
        out_n -= take;
    }
    secret_wipe(prk, sizeof prk);
    secret_wipe(block, sizeof block);
    secret_wipe(in, sizeof in);
}

void random_bytes(void *p, size_t n)
{
    uint8_t *at = p;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        ALWAYS(got > 0 || errno == EINTR);
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}

bool bytes_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void secret_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

void base64url(const void *p, size_t n, char *out)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *in = p;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        have += 8;
        while (have >= 6) {
            have -= 6;
            *out++ = digit[bits >> have & 63];
        }
    }
    if (have > 0) {
        *out++ = digit[bits << (6 - have) & 63];
    }
    *out = '\0';
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

ssize_t base64_decode(const char *s, size_t len, void *out, size_t max)
{
    uint8_t *to = out;
    size_t made = 0, digits = len;
    while (digits > 0 && len - digits < 2 && s[digits - 1] == '=') {
        digits--;
    }
    /* Padding, when there is some, must fill up the last group of four; one digit alone is half a
     * byte. */
    if ((digits != len && len % 4 != 0) || digits % 4 == 1) {
        return -EINVAL;
    }
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < digits; i++) {
        int v = base64_value(s[i]);
        if (v < 0) {
            return -EINVAL;
        }
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            if (made == max) {
                return -EINVAL;
            }
            to[made++] = (uint8_t)(bits >> have);
        }
    }
    /* Left-over bits must be zero: one text for one value, so a signature has no second spelling.
     */
    return (bits & ((1U << have) - 1)) == 0 ? (ssize_t)made : -EINVAL;
}
