/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/record.h"

#include "crypto/hash.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

void record_seal(const struct record_place *at, const void *p, size_t n, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *sealed = out + RECORD_NONCE_SIZE;
    int k;
    ALWAYS(ctx != NULL && n <= INT_MAX && at->ad_n <= INT_MAX);
    random_bytes(out, RECORD_NONCE_SIZE);
    ALWAYS(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, at->key, out) == 1);
    ALWAYS(EVP_EncryptUpdate(ctx, NULL, &k, at->ad, (int)at->ad_n) == 1);
    ALWAYS(n == 0 || EVP_EncryptUpdate(ctx, sealed, &k, p, (int)n) == 1);
    ALWAYS(EVP_EncryptFinal_ex(ctx, sealed + n, &k) == 1);
    ALWAYS(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, RECORD_TAG_SIZE, sealed + n) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

int record_open(const struct record_place *at, const uint8_t *p, size_t n, uint8_t *out)
{
    uint8_t tag[RECORD_TAG_SIZE];
    int k;
    if (n < RECORD_OVERHEAD || n > INT_MAX) {
        return -EBADMSG;
    }
    size_t plain = n - RECORD_OVERHEAD;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    memcpy(tag, p + RECORD_NONCE_SIZE + plain, sizeof tag);
    ALWAYS(ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, at->key, p) == 1);
    ALWAYS(EVP_DecryptUpdate(ctx, NULL, &k, at->ad, (int)at->ad_n) == 1);
    ALWAYS(plain == 0 || EVP_DecryptUpdate(ctx, out, &k, p + RECORD_NONCE_SIZE, (int)plain) == 1);
    ALWAYS(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, RECORD_TAG_SIZE, tag) == 1);
    int r = EVP_DecryptFinal_ex(ctx, out + plain, &k) == 1 ? 0 : -EBADMSG;
    EVP_CIPHER_CTX_free(ctx);
    return r;
}
