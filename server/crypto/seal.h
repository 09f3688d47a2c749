/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed object format (docs/design/sealed-segment.md): a 64-byte header, then 64 KiB chunks of
 * plaintext, each AES-256-GCM encrypted with a 16-byte tag, the last one shorter (possibly empty
 * never: plaintext is at least 1 byte). The key is fresh per object, so the nonce is the chunk
 * number; bit 63 of the nonce's number marks the last chunk, so a cut-off object does not open.
 * Associated data binds household, object and chunk: bytes of another owner or place never decrypt.
 *
 * Digest of the sealed bytes: SHA-256 over header and all tags - each tag vouches for its chunk, so
 * checking it (with the key) proves every byte for the price of a decryption. Pure: no I/O, no
 * clock, no allocation after create; used in the jailed worker and in the server. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/id.h"
#include "crypto/hash.h"

enum { SEAL_KEY_SIZE = 32, SEAL_HEADER_SIZE = 64, SEAL_CHUNK_SIZE = 65536, SEAL_TAG_SIZE = 16 };
enum { SEAL_SEALED_CHUNK_SIZE = SEAL_CHUNK_SIZE + SEAL_TAG_SIZE };

struct seal_params {
    uint8_t key[SEAL_KEY_SIZE];
    struct id household, object;
};

/* Do now what libcrypto otherwise does at its first use (read its configuration, set itself up).
 * Call before entering a jail; calling it again is harmless. */
void seal_warm(void);

/* ---- writing ---- */
struct sealer;
/* write(arg, p, n): 0 or negative errno, sticky. Called with whole sealed chunks, the header first.
 */
typedef int seal_write_fn(void *arg, const uint8_t *p, size_t n);
struct sealer *sealer_create(const struct seal_params *p, seal_write_fn *write, void *arg);
int sealer_write(struct sealer *s, const void *p, size_t n) MUST_CHECK;
struct seal_result {
    uint64_t plain_bytes, sealed_bytes;
    uint8_t digest[SHA256_SIZE];
};
int sealer_finish(struct sealer *s, struct seal_result *ret_result) MUST_CHECK;
struct sealer *sealer_destroy(struct sealer *s); /* wipes the key; takes NULL */

/* ---- reading ---- */
uint64_t seal_sealed_size(uint64_t plain_bytes);
/* Which sealed bytes hold plaintext [offset, offset+n): whole chunks; the header is never part of
 * it. The wanted bytes start at offset % SEAL_CHUNK_SIZE of what seal_open() gives. Outside the
 * plaintext, or n = 0: *ret_n is 0. */
void seal_span(uint64_t plain_bytes, uint64_t offset, uint64_t n, uint64_t *ret_offset,
               uint64_t *ret_n);
/* Open the chunks at sealed_offset (as given by seal_span) in place; plaintext of the chunks is
 * packed to the front of p. Returns plaintext bytes, or -EBADMSG. sealed_offset/n must cover whole
 * chunks. */
ssize_t seal_open(const struct seal_params *k, uint64_t plain_bytes, uint64_t sealed_offset,
                  uint8_t *p, size_t n);
/* Incremental digest of sealed bytes as they are read front to back (header + tags). 0, or -EBADMSG
 * when a chunk does not open. */
struct seal_check;
struct seal_check *seal_check_create(const struct seal_params *k, uint64_t plain_bytes);
int seal_check_update(struct seal_check *c, const uint8_t *p, size_t n) MUST_CHECK;
int seal_check_finish(struct seal_check *c, uint8_t ret_digest[SHA256_SIZE]) MUST_CHECK;
struct seal_check *seal_check_destroy(struct seal_check *c);

#endif
