/* SPDX-License-Identifier: Apache-2.0 */
/* The writing side. A chunk is sealed only when a byte after it is known or the end is: whether it
 * is the last one goes into its nonce. The one buffer holds the plaintext that waits and is sealed
 * in place; input that brings a whole chunk and more is sealed from where it lies, without a copy.
 */
#include "crypto/seal_cipher.h"

#include <errno.h>
#include <string.h>

static const char seal_magic[8] = "DWSEAL1\n";

void seal_header(const struct id *object, uint8_t ret_header[SEAL_HEADER_SIZE])
{
    memset(ret_header, 0, SEAL_HEADER_SIZE);
    memcpy(ret_header, seal_magic, sizeof seal_magic);
    ret_header[9] = SEAL_CHUNK_SIZE >> 16; /* 32-bit big-endian at 8; the other three bytes are 0 */
    ret_header[12] = 1;                    /* AES-256-GCM */
    memcpy(ret_header + 16, object->b, sizeof object->b);
}

EVP_CIPHER_CTX *seal_cipher_create(const uint8_t key[SEAL_KEY_SIZE], int encrypt)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ALWAYS(ctx != NULL);
    ALWAYS(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, NULL, encrypt) == 1);
    return ctx;
}

void seal_cipher_begin(EVP_CIPHER_CTX *ctx, const struct seal_params *p, uint64_t chunk, bool last)
{
    uint64_t number = chunk | (last ? UINT64_C(1) << 63 : 0);
    uint8_t nonce[12] = {0}, aad[40];
    for (int i = 0; i < 8; i++) {
        nonce[4 + i] = (uint8_t)(number >> (56 - 8 * i));
    }
    memcpy(aad, p->household.b, 16);
    memcpy(aad + 16, p->object.b, 16);
    memcpy(aad + 32, nonce + 4, 8);
    int n;
    ALWAYS(EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, -1) == 1);
    ALWAYS(EVP_CipherUpdate(ctx, NULL, &n, aad, sizeof aad) == 1);
}

void seal_warm(void)
{
    static const struct seal_params p;
    uint8_t digest[SHA256_SIZE];
    sha256_of("", 0, digest);
    EVP_CIPHER_CTX *ctx = seal_cipher_create(p.key, 1);
    seal_cipher_begin(ctx, &p, 0, true);
    EVP_CIPHER_CTX_free(ctx);
}

struct sealer {
    struct seal_params params;
    EVP_CIPHER_CTX *ctx;
    struct sha256 *digest;
    seal_write_fn *write;
    void *arg;
    int error;
    uint64_t chunk, plain_bytes, sealed_bytes;
    size_t waiting; /* plaintext bytes in buffer */
    uint8_t buffer[SEAL_SEALED_CHUNK_SIZE];
};

static void sealer_emit(struct sealer *s, const uint8_t *p, size_t n)
{
    if (s->error == 0) {
        s->error = s->write(s->arg, p, n);
        s->sealed_bytes += n;
    }
}

struct sealer *sealer_create(const struct seal_params *p, seal_write_fn *write, void *arg)
{
    struct sealer *s = mem_new(struct sealer);
    uint8_t header[SEAL_HEADER_SIZE];
    s->params = *p;
    s->ctx = seal_cipher_create(p->key, 1);
    s->digest = sha256_create();
    s->write = write;
    s->arg = arg;
    seal_header(&p->object, header);
    sha256_update(s->digest, header, sizeof header);
    sealer_emit(s, header, sizeof header);
    return s;
}

static void sealer_chunk(struct sealer *s, const uint8_t *p, size_t n, bool last)
{
    int made, rest;
    seal_cipher_begin(s->ctx, &s->params, s->chunk++, last);
    ALWAYS(EVP_CipherUpdate(s->ctx, s->buffer, &made, p, (int)n) == 1 && (size_t)made == n);
    ALWAYS(EVP_CipherFinal_ex(s->ctx, s->buffer + n, &rest) == 1 && rest == 0);
    ALWAYS(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, s->buffer + n) == 1);
    sha256_update(s->digest, s->buffer + n, SEAL_TAG_SIZE);
    sealer_emit(s, s->buffer, n + SEAL_TAG_SIZE);
}

int sealer_write(struct sealer *s, const void *p, size_t n)
{
    const uint8_t *in = p;
    s->plain_bytes += n;
    while (n > 0 && s->error == 0) {
        if (s->waiting == SEAL_CHUNK_SIZE) {
            sealer_chunk(s, s->buffer, SEAL_CHUNK_SIZE, false);
            s->waiting = 0;
        }
        if (s->waiting == 0 && n > SEAL_CHUNK_SIZE) {
            sealer_chunk(s, in, SEAL_CHUNK_SIZE, false);
            in += SEAL_CHUNK_SIZE;
            n -= SEAL_CHUNK_SIZE;
            continue;
        }
        size_t room = SEAL_CHUNK_SIZE - s->waiting, take = n < room ? n : room;
        memcpy(s->buffer + s->waiting, in, take);
        s->waiting += take;
        in += take;
        n -= take;
    }
    return s->error;
}

int sealer_finish(struct sealer *s, struct seal_result *ret_result)
{
    if (s->error == 0 && s->waiting == 0) {
        s->error = -ENODATA; /* an empty object does not exist in this format */
    }
    if (s->error == 0) {
        sealer_chunk(s, s->buffer, s->waiting, true);
        s->waiting = 0;
    }
    if (s->error != 0) {
        return s->error;
    }
    s->error = -EPIPE; /* a second finish, or a write after the end, is refused */
    ret_result->plain_bytes = s->plain_bytes;
    ret_result->sealed_bytes = s->sealed_bytes;
    sha256_final(s->digest, ret_result->digest);
    return 0;
}

struct sealer *sealer_destroy(struct sealer *s)
{
    if (s != NULL) {
        EVP_CIPHER_CTX_free(s->ctx);
        sha256_destroy(s->digest);
        secret_wipe(s, sizeof *s);
        free(s);
    }
    return NULL;
}
