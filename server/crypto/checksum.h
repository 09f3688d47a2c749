/* SPDX-License-Identifier: Apache-2.0 */
/* The digests and CRCs that transfer protocols promise about a body: incremental, chosen by name at
 * run time. MD5 and SHA-1 are here because clients send them; they guard against damage, not
 * against people. */
#ifndef CRYPTO_CHECKSUM_H
#define CRYPTO_CHECKSUM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum checksum_kind {
    CHECKSUM_MD5,
    CHECKSUM_SHA1,
    CHECKSUM_SHA256,
    CHECKSUM_CRC32,     /* ISO 3309, as in zip */
    CHECKSUM_CRC32C,    /* Castagnoli, RFC 3720 */
    CHECKSUM_CRC64NVME, /* NVM Express, as in x-amz-checksum-crc64nvme */
    CHECKSUM_KINDS
};
enum { CHECKSUM_MAX = 32, MD5_SIZE = 16, SHA1_SIZE = 20 };

size_t checksum_size(enum checksum_kind kind); /* bytes; CRCs are written big endian */

struct checksum;
struct checksum *checksum_create(enum checksum_kind kind);
void checksum_update(struct checksum *c, const void *p, size_t n);
/* Writes checksum_size() bytes. The checksum may only be destroyed afterwards. */
void checksum_final(struct checksum *c, uint8_t out[CHECKSUM_MAX]);
struct checksum *checksum_destroy(struct checksum *c); /* takes NULL */
void checksum_of(enum checksum_kind kind, const void *p, size_t n, uint8_t out[CHECKSUM_MAX]);

#endif
