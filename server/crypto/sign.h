/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that outsiders can check: Ed25519 (RFC 8032). The key comes from the master key, one
 * for each purpose, so there is no other file to lose. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "crypto/keyring.h"

enum { SIGN_PUBLIC_SIZE = 32, SIGN_SIZE = 64 };
struct sign_key {
    uint8_t secret[64];
    uint8_t public_key[SIGN_PUBLIC_SIZE];
};
/* Wipe it after use. */
void sign_key_derive(const struct keyring *k, const char *purpose, struct sign_key *ret_key);
void sign(const struct sign_key *key, const void *p, size_t n, uint8_t ret_signature[SIGN_SIZE]);
bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE], const void *p, size_t n,
                 const uint8_t signature[SIGN_SIZE]);

#endif
