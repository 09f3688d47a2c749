/* SPDX-License-Identifier: Apache-2.0 */
/* The body of PutObject and UploadPart on its way: aws-chunked is undone, and everything the sender
 * promised about the bytes is checked - SHA-256 of the signature, chunk signatures, Content-MD5, an
 * x-amz-checksum in a header or a trailer, the length. A promise that is not kept ends the sink
 * behind it with STREAM_REFUSED, so nothing of it is kept. */
#ifndef INGEST_S3_BODY_H
#define INGEST_S3_BODY_H

#include "auth/sigv4.h"
#include "base/stream.h"
#include "crypto/checksum.h"

enum {
    S3_BODY_E_MALFORMED = 1, /* the chunked coding */
    S3_BODY_E_SIGNATURE,     /* of a chunk or of the trailers */
    S3_BODY_E_LENGTH,        /* not what was declared */
    S3_BODY_E_SHA256,        /* not the signed hash */
    S3_BODY_E_DIGEST         /* Content-MD5 or x-amz-checksum */
};
struct s3_body_params {
    const struct sigv4_claim *claim; /* read now, not kept */
    const struct sigv4_chain *chain; /* likewise; of sigv4_verify() */
    uint64_t declared_bytes;         /* decoded, or SOURCE_UNKNOWN_SIZE */
    const uint8_t *md5;              /* 16 bytes of Content-MD5, or NULL */
    bool has_checksum;
    enum checksum_kind checksum;
    const uint8_t *promised; /* of x-amz-checksum-..., or NULL: a trailer tells it */
    const char *trailer;     /* that trailer's name; borrowed until the end */
    struct sink *inner;      /* where the bytes go */
    /* The body is over: after the inner sink's end. status 0 or S3_BODY_E_; how as http said it. */
    void (*done)(void *arg, int status, enum stream_end how);
    void *arg;
};
/* What an operation keeps of params whose facts are borrowed from the request. */
struct s3_body_kept {
    struct sigv4_claim claim;
    struct sigv4_chain chain;
    uint8_t md5[MD5_SIZE], promised[CHECKSUM_MAX];
    char *trailer;
};
/* Copy them, and let the params point at the copies. */
void s3_body_keep(struct s3_body_kept *kept, struct s3_body_params *p);
void s3_body_kept_finish(struct s3_body_kept *kept);

struct s3_body;
struct s3_body *s3_body_create(const struct s3_body_params *p);
struct s3_body *s3_body_destroy(struct s3_body *b); /* after done(), or never pushed into */
struct sink *s3_body_sink(struct s3_body *b);
/* After the end. */
int s3_body_status(const struct s3_body *b);
const uint8_t *s3_body_md5(const struct s3_body *b);
uint64_t s3_body_bytes(const struct s3_body *b);

#endif
