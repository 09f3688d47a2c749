/* SPDX-License-Identifier: Apache-2.0 */
/* Digests come from libcrypto. CRCs are all of the reflected kind that begins and ends with all
 * ones, so one loop serves them; eight tables let it take eight bytes a step. */
#include "crypto/checksum.h"

#include "crypto/hash.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

enum { CRCS = CHECKSUM_KINDS - CHECKSUM_CRC32 };

struct checksum {
    enum checksum_kind kind;
    EVP_MD_CTX *ctx; /* digests */
    uint64_t crc;
};

static uint64_t crc_tables[CRCS][8][256];
static pthread_once_t crc_tables_made = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    static const uint64_t polynomials[CRCS] = {0xedb88320, 0x82f63b78, 0x9a6c9329ac4bc9b5};
    for (size_t k = 0; k < CRCS; k++) {
        for (unsigned i = 0; i < 256; i++) {
            uint64_t r = i;
            for (unsigned bit = 0; bit < 8; bit++) {
                r = (r & 1) != 0 ? r >> 1 ^ polynomials[k] : r >> 1;
            }
            crc_tables[k][0][i] = r;
        }
        for (unsigned i = 0; i < 256; i++) {
            for (unsigned t = 1; t < 8; t++) {
                uint64_t r = crc_tables[k][t - 1][i];
                crc_tables[k][t][i] = r >> 8 ^ crc_tables[k][0][r & 255];
            }
        }
    }
}

static uint64_t crc_update(enum checksum_kind kind, uint64_t crc, const uint8_t *p, size_t n)
{
    const uint64_t(*t)[256] = crc_tables[kind - CHECKSUM_CRC32];
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t next = 0;
        for (unsigned i = 0; i < 8; i++) {
            next ^= t[7 - i][(crc >> (8 * i) & 255) ^ p[i]];
        }
        crc = next;
    }
    for (; n > 0; p++, n--) {
        crc = crc >> 8 ^ t[0][(crc ^ *p) & 255];
    }
    return crc;
}

static const EVP_MD *digest_of(enum checksum_kind kind)
{
    return kind == CHECKSUM_MD5 ? EVP_md5() : kind == CHECKSUM_SHA1 ? EVP_sha1() : EVP_sha256();
}

size_t checksum_size(enum checksum_kind kind)
{
    static const uint8_t sizes[CHECKSUM_KINDS] = {MD5_SIZE, SHA1_SIZE, SHA256_SIZE, 4, 4, 8};
    return sizes[kind];
}

struct checksum *checksum_create(enum checksum_kind kind)
{
    struct checksum *c = mem_new(struct checksum);
    c->kind = kind;
    if (kind < CHECKSUM_CRC32) {
        c->ctx = EVP_MD_CTX_new();
        ALWAYS(c->ctx != NULL && EVP_DigestInit_ex(c->ctx, digest_of(kind), NULL) == 1);
    } else {
        pthread_once(&crc_tables_made, make_tables);
        c->crc = UINT64_MAX >> (64 - 8 * checksum_size(kind));
    }
    return c;
}

void checksum_update(struct checksum *c, const void *p, size_t n)
{
    if (c->ctx != NULL) {
        ALWAYS(EVP_DigestUpdate(c->ctx, p, n) == 1);
    } else {
        c->crc = crc_update(c->kind, c->crc, p, n);
    }
}

void checksum_final(struct checksum *c, uint8_t out[CHECKSUM_MAX])
{
    if (c->ctx != NULL) {
        ALWAYS(EVP_DigestFinal_ex(c->ctx, out, NULL) == 1);
        return;
    }
    size_t n = checksum_size(c->kind);
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t) ~(c->crc >> (8 * (n - 1 - i)));
    }
}

struct checksum *checksum_destroy(struct checksum *c)
{
    if (c != NULL) {
        EVP_MD_CTX_free(c->ctx);
        free(c);
    }
    return NULL;
}

void checksum_of(enum checksum_kind kind, const void *p, size_t n, uint8_t out[CHECKSUM_MAX])
{
    struct checksum *c = checksum_create(kind);
    checksum_update(c, p, n);
    checksum_final(c, out);
    checksum_destroy(c);
}
