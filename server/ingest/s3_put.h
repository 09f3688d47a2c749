/* SPDX-License-Identifier: Apache-2.0 */
/* PutObject: the signature is taken, the body is checked on its way into an ordinary upload, and
 * the object is remembered. An empty object (the end of a span, a folder's mark) makes no upload.
 *
 * A signature admits one body: sent again it answers as the first did when the bytes are the same,
 * and is refused when they are others. (Presigned URLs are keys by themselves until they expire.)
 */
#ifndef INGEST_S3_PUT_H
#define INGEST_S3_PUT_H

#include "ingest/s3_body.h"
#include "ingest/s3_object.h"
#include "ingest/upload.h"

enum {
    S3_PUT_E_UPLOAD = 1, /* see result.upload */
    S3_PUT_E_BODY,       /* see result.body_status */
    S3_PUT_E_REPLAYED,   /* this signature was used for other bytes */
    S3_PUT_E_BUSY,       /* ... is under way at this moment */
    S3_PUT_E_EMPTY,      /* an empty object that marks nothing */
    S3_PUT_E_BROKEN,     /* the client left */
    S3_PUT_E_UNAVAILABLE
};
struct s3_put_result {
    int status;
    int body_status;                    /* S3_BODY_E_ */
    const struct upload_result *upload; /* with S3_PUT_E_UPLOAD */
    char etag[S3_ETAG_SIZE];
    struct id clip; /* zero: none */
};
struct s3_put_params {
    struct ingest *in;
    const struct principal *camera;
    const char *key, *content_type, *metadata, *request_id; /* copied */
    bool only_new;                                          /* If-None-Match: * */
    struct s3_body_params body; /* inner, done and arg are not looked at; the rest as there */
    /* Push the body into the sink: at most max_bytes of payload. Not called for an empty object. */
    void (*opened)(void *arg, struct sink *body, uint64_t max_bytes);
    /* Exactly once, never before s3_put_begin() returned; the body may still be coming. */
    void (*done)(void *arg, const struct s3_put_result *r);
    void *arg;
};
void s3_put_begin(const struct s3_put_params *p);

#endif
