/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <sodium.h>

void sign_key_derive(const struct keyring *k, const char *purpose, struct sign_key *ret_key)
{
    uint8_t seed[32];
    _Static_assert(sizeof seed == crypto_sign_ed25519_SEEDBYTES &&
                       sizeof ret_key->secret == crypto_sign_ed25519_SECRETKEYBYTES,
                   "sizes of RFC 8032");
    keyring_derive(k, purpose, seed);
    ALWAYS(crypto_sign_ed25519_seed_keypair(ret_key->public_key, ret_key->secret, seed) == 0);
    secret_wipe(seed, sizeof seed);
}

void sign(const struct sign_key *key, const void *p, size_t n, uint8_t ret_signature[SIGN_SIZE])
{
    ALWAYS(crypto_sign_ed25519_detached(ret_signature, NULL, p, n, key->secret) == 0);
}

bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE], const void *p, size_t n,
                 const uint8_t signature[SIGN_SIZE])
{
    return crypto_sign_ed25519_verify_detached(signature, p, n, public_key) == 0;
}
