/* SPDX-License-Identifier: Apache-2.0 */
/* What the writing and the reading side of the sealed format share: the header's bytes and one
 * chunk's nonce and associated data. Not for other folders. */
#ifndef CRYPTO_SEAL_CIPHER_H
#define CRYPTO_SEAL_CIPHER_H

#include "crypto/seal.h"

#include <openssl/evp.h>

void seal_header(const struct id *object, uint8_t ret_header[SEAL_HEADER_SIZE]);
/* A context with the key set; direction as libcrypto's enc argument (1 seal, 0 open). */
EVP_CIPHER_CTX *seal_cipher_create(const uint8_t key[SEAL_KEY_SIZE], int encrypt);
/* Nonce and associated data for one chunk. */
void seal_cipher_begin(EVP_CIPHER_CTX *ctx, const struct seal_params *p, uint64_t chunk, bool last);

#endif
