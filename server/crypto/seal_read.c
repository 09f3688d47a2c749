/* SPDX-License-Identifier: Apache-2.0 */
/* The reading side: arithmetic of chunks, opening them in place, and the front-to-back check. */
#include "crypto/seal_cipher.h"

#include <errno.h>
#include <string.h>

/* Larger than any object can be; keeps the arithmetic below from wrapping. */
#define PLAIN_MAX (UINT64_C(1) << 56)

static uint64_t chunk_count(uint64_t plain_bytes)
{
    return (plain_bytes + SEAL_CHUNK_SIZE - 1) / SEAL_CHUNK_SIZE;
}

static size_t chunk_plain(uint64_t plain_bytes, uint64_t chunk)
{
    uint64_t left = plain_bytes - chunk * SEAL_CHUNK_SIZE;
    return left < SEAL_CHUNK_SIZE ? (size_t)left : SEAL_CHUNK_SIZE;
}

uint64_t seal_sealed_size(uint64_t plain_bytes)
{
    return SEAL_HEADER_SIZE + plain_bytes + chunk_count(plain_bytes) * SEAL_TAG_SIZE;
}

void seal_span(uint64_t plain_bytes, uint64_t offset, uint64_t n, uint64_t *ret_offset,
               uint64_t *ret_n)
{
    *ret_offset = SEAL_HEADER_SIZE;
    *ret_n = 0;
    if (n == 0 || plain_bytes > PLAIN_MAX || offset >= plain_bytes || n > plain_bytes - offset) {
        return;
    }
    uint64_t first = offset / SEAL_CHUNK_SIZE, last = (offset + n - 1) / SEAL_CHUNK_SIZE;
    *ret_offset = SEAL_HEADER_SIZE + first * SEAL_SEALED_CHUNK_SIZE;
    *ret_n =
        (last - first) * SEAL_SEALED_CHUNK_SIZE + chunk_plain(plain_bytes, last) + SEAL_TAG_SIZE;
}

/* n plaintext bytes at p followed by the tag; the plaintext goes to out (may be p or before it). */
static int chunk_open(EVP_CIPHER_CTX *ctx, uint8_t *out, uint8_t *p, size_t n)
{
    int made, rest;
    if (out != p) {
        /* libcrypto decrypts in place or into a place apart, not into an overlapping one. */
        memmove(out, p, n + SEAL_TAG_SIZE);
    }
    ALWAYS(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, out + n) == 1);
    ALWAYS(EVP_CipherUpdate(ctx, out, &made, out, (int)n) == 1 && (size_t)made == n);
    return EVP_CipherFinal_ex(ctx, out + n, &rest) == 1 ? 0 : -EBADMSG;
}

ssize_t seal_open(const struct seal_params *k, uint64_t plain_bytes, uint64_t sealed_offset,
                  uint8_t *p, size_t n)
{
    if (plain_bytes == 0 || plain_bytes > PLAIN_MAX || n == 0 || sealed_offset < SEAL_HEADER_SIZE ||
        (sealed_offset - SEAL_HEADER_SIZE) % SEAL_SEALED_CHUNK_SIZE != 0) {
        return -EBADMSG;
    }
    uint64_t chunk = (sealed_offset - SEAL_HEADER_SIZE) / SEAL_SEALED_CHUNK_SIZE;
    uint64_t chunks = chunk_count(plain_bytes);
    EVP_CIPHER_CTX *ctx = seal_cipher_create(k->key, 0);
    size_t read = 0, made = 0;
    int r = 0;
    while (r == 0 && read < n) {
        if (chunk >= chunks || n - read < chunk_plain(plain_bytes, chunk) + SEAL_TAG_SIZE) {
            r = -EBADMSG;
            break;
        }
        size_t plain = chunk_plain(plain_bytes, chunk);
        seal_cipher_begin(ctx, k, chunk, chunk + 1 == chunks);
        r = chunk_open(ctx, p + made, p + read, plain);
        read += plain + SEAL_TAG_SIZE;
        made += plain;
        chunk++;
    }
    EVP_CIPHER_CTX_free(ctx);
    if (r != 0) {
        secret_wipe(p, n); /* what did not prove itself is not handed out, not even by mistake */
        return r;
    }
    return (ssize_t)made;
}

static int header_check(const struct seal_params *k, const uint8_t p[SEAL_HEADER_SIZE])
{
    uint8_t header[SEAL_HEADER_SIZE];
    seal_header(&k->object, header);
    return memcmp(header, p, sizeof header) == 0 ? 0 : -EBADMSG;
}

struct seal_check {
    struct seal_params params;
    EVP_CIPHER_CTX *ctx;
    struct sha256 *digest;
    uint64_t plain_bytes, chunk;
    bool header_seen;
    int error;
    size_t waiting;
    uint8_t buffer[SEAL_SEALED_CHUNK_SIZE];
};

struct seal_check *seal_check_create(const struct seal_params *k, uint64_t plain_bytes)
{
    struct seal_check *c = mem_new(struct seal_check);
    c->params = *k;
    c->plain_bytes = plain_bytes;
    c->error = plain_bytes == 0 || plain_bytes > PLAIN_MAX ? -EBADMSG : 0;
    c->ctx = seal_cipher_create(k->key, 0);
    c->digest = sha256_create();
    return c;
}

static void check_header(struct seal_check *c)
{
    c->error = header_check(&c->params, c->buffer);
    c->header_seen = true;
    sha256_update(c->digest, c->buffer, SEAL_HEADER_SIZE);
}

static void check_chunk(struct seal_check *c)
{
    size_t plain = c->waiting - SEAL_TAG_SIZE;
    bool last = c->chunk + 1 == chunk_count(c->plain_bytes);
    sha256_update(c->digest, c->buffer + plain, SEAL_TAG_SIZE);
    seal_cipher_begin(c->ctx, &c->params, c->chunk++, last);
    c->error = chunk_open(c->ctx, c->buffer, c->buffer, plain);
}

/* How many bytes the next piece has; 0: nothing may follow. */
static size_t check_piece(const struct seal_check *c)
{
    if (!c->header_seen) {
        return SEAL_HEADER_SIZE;
    }
    return c->chunk < chunk_count(c->plain_bytes)
               ? chunk_plain(c->plain_bytes, c->chunk) + SEAL_TAG_SIZE
               : 0;
}

int seal_check_update(struct seal_check *c, const uint8_t *p, size_t n)
{
    while (n > 0 && c->error == 0) {
        size_t piece = check_piece(c);
        if (piece == 0) {
            c->error = -EBADMSG;
            break;
        }
        size_t take = n < piece - c->waiting ? n : piece - c->waiting;
        memcpy(c->buffer + c->waiting, p, take);
        c->waiting += take;
        p += take;
        n -= take;
        if (c->waiting == piece) {
            if (c->header_seen) {
                check_chunk(c);
            } else {
                check_header(c);
            }
            c->waiting = 0;
        }
    }
    return c->error;
}

int seal_check_finish(struct seal_check *c, uint8_t ret_digest[SHA256_SIZE])
{
    if (c->error == 0 && (c->waiting > 0 || check_piece(c) != 0)) {
        c->error = -EBADMSG;
    }
    if (c->error == 0) {
        sha256_final(c->digest, ret_digest);
    }
    return c->error;
}

struct seal_check *seal_check_destroy(struct seal_check *c)
{
    if (c != NULL) {
        EVP_CIPHER_CTX_free(c->ctx);
        sha256_destroy(c->digest);
        secret_wipe(c, sizeof *c);
        free(c);
    }
    return NULL;
}
