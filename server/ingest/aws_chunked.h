/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the body coding "aws-chunked" - SIZE[;chunk-signature=HEX] CRLF bytes CRLF ... 0 CRLF
 * [trailers] CRLF. Chunk signatures and the signature of the trailers are checked when a chain is
 * given. Nothing is buffered but lines; the payload is handed through where it stands:
 *
 *   while (n > 0) {
 *       size_t payload = aws_chunked_payload(d, n);
 *       if (payload > 0) { use p[0..k), k <= payload; aws_chunked_pass(d, p, k); p += k, n -= k; }
 *       else { r = aws_chunked_skip(d, p, n, &k); if (r != 0) fail; p += k, n -= k; }
 *   }
 *   r = aws_chunked_end(d); */
#ifndef INGEST_AWS_CHUNKED_H
#define INGEST_AWS_CHUNKED_H

#include "auth/sigv4.h"

enum {
    AWS_CHUNKED_E_MALFORMED = 1, /* not this coding, or a line too long */
    AWS_CHUNKED_E_SIGNATURE,     /* a chunk's or the trailers' signature is wrong or missing */
    AWS_CHUNKED_E_LENGTH         /* not as many bytes as were declared */
};
struct aws_chunked_params {
    uint64_t decoded_bytes;          /* x-amz-decoded-content-length */
    const struct sigv4_chain *chain; /* copied; NULL: chunks are not signed */
    bool trailers;                   /* some follow; signed when there is a chain */
    const char *wanted;              /* the trailer to keep (x-amz-trailer), or NULL; borrowed */
};
struct aws_chunked;
struct aws_chunked *aws_chunked_create(const struct aws_chunked_params *p);
struct aws_chunked *aws_chunked_destroy(struct aws_chunked *d); /* takes NULL */

/* Of the n bytes that come next, how many at the front are payload. */
size_t aws_chunked_payload(const struct aws_chunked *d, size_t n);
void aws_chunked_pass(struct aws_chunked *d, const uint8_t *p, size_t n);
/* Take what is no payload: *ret_n > 0 of the n > 0 bytes. */
int aws_chunked_skip(struct aws_chunked *d, const uint8_t *p, size_t n, size_t *ret_n) MUST_CHECK;
/* No more bytes come: was it whole? */
int aws_chunked_end(struct aws_chunked *d) MUST_CHECK;
/* The wanted trailer's value, or NULL. */
const char *aws_chunked_trailer(const struct aws_chunked *d);

#endif
