/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, MACs, random bytes, encodings. libcrypto and libsodium live behind this folder only. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/buf.h"
#include "base/status.h"

#include <sys/types.h>

enum { SHA256_SIZE = 32 };

struct sha256; /* incremental (FIPS 180-4) */
struct sha256 *sha256_create(void);
void sha256_update(struct sha256 *h, const void *p, size_t n);
void sha256_final(struct sha256 *h, uint8_t out[SHA256_SIZE]); /* also resets for the next use */
struct sha256 *sha256_destroy(struct sha256 *h);
void sha256_of(const void *p, size_t n, uint8_t out[SHA256_SIZE]);

void hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
                 uint8_t out[SHA256_SIZE]);
/* HKDF (RFC 5869) with an empty salt allowed; out_n at most 255 * 32. */
struct hkdf_params {
    const void *key, *salt, *info;
    size_t key_n, salt_n, info_n;
};
void hkdf_sha256(const struct hkdf_params *p, uint8_t *out, size_t out_n);
void random_bytes(void *p, size_t n);
bool bytes_equal(const void *a, const void *b, size_t n); /* constant time */
void secret_wipe(void *p, size_t n);

/* base64url without padding (RFC 4648 5); out holds 4*n/3+4 bytes. */
void base64url(const void *p, size_t n, char *out);
/* Standard or url-safe alphabet, padding optional. Returns the length, or -EINVAL (also when larger
 * than max). */
ssize_t base64_decode(const char *s, size_t len, void *out, size_t max);

#endif
