/* SPDX-License-Identifier: Apache-2.0 */
/* AWS Signature Version 4, the side that verifies: in the Authorization header or in the query
 * (presigned), and the chain of chunk signatures of streamed bodies. Pure: no clock, no database;
 * docs/design/s3-door.md says what is taken. */
#ifndef AUTH_SIGV4_H
#define AUTH_SIGV4_H

#include "crypto/hash.h"

#include <stdbool.h>

enum {
    SIGV4_SKEW_S = 15 * 60,          /* how far the signer's clock may be off */
    SIGV4_EXPIRES_MAX_S = 7 * 86400, /* of a presigned URL */
    SIGV4_NAME_MAX = 128,
    SIGV4_TOKEN_MAX = 1024
};

struct sigv4_header {
    const char *name, *value;
};
struct sigv4_request {
    const char *method;
    const char *path, *query; /* as sent: still percent-encoded; query without '?' */
    const char *mount; /* a beginning of the path that some tools sign with the host, or NULL */
    const struct sigv4_header *headers;
    size_t n_headers;
};

/* What the signer said about the body (x-amz-content-sha256). */
enum sigv4_payload {
    SIGV4_NOT_TOLD,
    SIGV4_UNSIGNED,
    SIGV4_HASHED,           /* the body's SHA-256 is in the claim */
    SIGV4_CHUNKS,           /* STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    SIGV4_CHUNKS_TRAILER,   /* ... with signed trailers */
    SIGV4_UNSIGNED_TRAILER, /* chunks without signatures, with trailers */
};

/* What a request says of itself; nothing of it is proved before sigv4_verify(). */
struct sigv4_claim {
    bool presigned;
    char access_key[SIGV4_NAME_MAX + 1], region[SIGV4_NAME_MAX + 1], service[SIGV4_NAME_MAX + 1];
    char day[9], date[17];
    char token[SIGV4_TOKEN_MAX + 1]; /* x-amz-security-token, "" when there is none */
    char signed_headers[1024];
    uint8_t signature[SHA256_SIZE];
    int64_t until_us; /* it is refused from then on, whoever sends it */
    enum sigv4_payload payload;
    char payload_text[80]; /* what stands in the canonical request */
    uint8_t payload_sha256[SHA256_SIZE];
};

enum {
    SIGV4_E_NONE = 1,  /* no credentials of any kind */
    SIGV4_E_OTHER,     /* credentials of another scheme (version 2, Basic ...) */
    SIGV4_E_MALFORMED, /* not as version 4 writes it */
    SIGV4_E_PAYLOAD,   /* x-amz-content-sha256 is none of the known words and no hash */
    SIGV4_E_SKEWED,    /* signed more than SIGV4_SKEW_S before or after now */
    SIGV4_E_EXPIRED,   /* a presigned URL past its time */
    SIGV4_E_UNCOVERED, /* Host or an x-amz- header is there but not signed */
    SIGV4_E_MISMATCH   /* of sigv4_verify() */
};
int sigv4_read(const struct sigv4_request *r, int64_t now_us,
               struct sigv4_claim *ret_claim) MUST_CHECK;

/* Continues the signatures of a body's chunks. Wipe it (secret_wipe) when done. */
struct sigv4_chain {
    uint8_t key[SHA256_SIZE], previous[SHA256_SIZE];
    char head[2 * SIGV4_NAME_MAX + 64]; /* date and scope, a line each */
};
/* 0, SIGV4_E_MALFORMED (a signed header is not there) or SIGV4_E_MISMATCH. ret_chain may be NULL.
 */
int sigv4_verify(const struct sigv4_request *r, const struct sigv4_claim *c, const char *secret,
                 struct sigv4_chain *ret_chain) MUST_CHECK;
/* The next chunk's signature, over the SHA-256 of its bytes; the last chunk has none. */
bool sigv4_chunk_is_genuine(struct sigv4_chain *c, const uint8_t sha256[SHA256_SIZE],
                            const uint8_t signature[SHA256_SIZE]);
/* Of the trailers, as "name:value\n" each. */
bool sigv4_trailer_is_genuine(struct sigv4_chain *c, const char *trailers, size_t n,
                              const uint8_t signature[SHA256_SIZE]);

/* s as AWS encodes it: all but A-Z a-z 0-9 - . _ ~ (and '/' when keep_slash) as %XX. */
void sigv4_encode(struct buf *out, const char *s, size_t n, bool keep_slash);

#endif
