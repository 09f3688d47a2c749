/* SPDX-License-Identifier: Apache-2.0 */
/* The key hierarchy: master key -> household key -> segment key, wrapped by AES-256-GCM with a
 * random nonce (output: nonce 12, ciphertext 32, tag 16) and the wrapped key's owner id as
 * associated data. Deleting a wrapped key's row is crypto-erasure. The master also derives
 * (HKDF-SHA256, RFC 5869) the keys for signed links and cursors. Thread-safe after load. */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "base/id.h"
#include "crypto/seal.h"

enum { KEY_WRAPPED_SIZE = 60 };
struct keyring;
/* From a 32-byte file (0600; made on first start when create is set). -EACCES when others can read
 * it, -EINVAL on a wrong size. */
int keyring_load(const char *path, bool create, struct keyring **ret_keyring) MUST_CHECK;
struct keyring *keyring_destroy(struct keyring *k);

void keyring_new_household(const struct keyring *k, const struct id *household,
                           uint8_t ret_wrapped[KEY_WRAPPED_SIZE]);
/* A fresh segment key, and itself wrapped. -EBADMSG when the household's wrapped key does not open.
 */
int keyring_new_object(const struct keyring *k, const struct id *household,
                       const uint8_t household_wrapped[KEY_WRAPPED_SIZE], const struct id *object,
                       uint8_t ret_key[SEAL_KEY_SIZE],
                       uint8_t ret_wrapped[KEY_WRAPPED_SIZE]) MUST_CHECK;
int keyring_open_object(const struct keyring *k, const struct id *household,
                        const uint8_t household_wrapped[KEY_WRAPPED_SIZE], const struct id *object,
                        const uint8_t wrapped[KEY_WRAPPED_SIZE],
                        uint8_t ret_key[SEAL_KEY_SIZE]) MUST_CHECK;
/* Derived key for a purpose such as "signed-link". */
void keyring_derive(const struct keyring *k, const char *purpose, uint8_t ret_key[32]);

#endif
