/* SPDX-License-Identifier: Apache-2.0 */
/* One sealed record: AES-256-GCM with a random nonce - nonce 12, ciphertext, tag 16. The caller
 * binds the record's place and owner by the associated data. A key serves at most 2^32 records, so
 * use one per file. For files that grow; finished objects use crypto/seal.h. Pure, any thread. */
#ifndef CRYPTO_RECORD_H
#define CRYPTO_RECORD_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { RECORD_KEY_SIZE = 32, RECORD_NONCE_SIZE = 12, RECORD_TAG_SIZE = 16 };
enum { RECORD_OVERHEAD = RECORD_NONCE_SIZE + RECORD_TAG_SIZE };

struct record_place {
    const void *key; /* RECORD_KEY_SIZE */
    const void *ad;
    size_t ad_n;
};
/* out holds n + RECORD_OVERHEAD bytes and does not overlap p; n may be 0. */
void record_seal(const struct record_place *at, const void *p, size_t n, uint8_t *out);
/* n sealed bytes to n - RECORD_OVERHEAD plain ones at out (which may be p + RECORD_NONCE_SIZE).
 * -EBADMSG: other key, other place, or changed. */
int record_open(const struct record_place *at, const uint8_t *p, size_t n, uint8_t *out) MUST_CHECK;

#endif
