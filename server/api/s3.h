/* SPDX-License-Identifier: Apache-2.0 */
/* The S3 door, shared by its handlers: s3.c finds the operation, s3_auth.c who asks, s3_put.c,
 * s3_list.c and s3_parts.c do them, s3_xml.c writes. docs/design/s3-door.md. */
#ifndef API_S3_H
#define API_S3_H

#include "api/handlers.h"
#include "auth/sigv4.h"

enum s3_error {
#define S3_ERROR(code, status, message) S3_##code,
#include "api/s3_error.def"
#undef S3_ERROR
    S3_ERRORS
};

/* One authenticated request; in the exchange's memory. */
struct s3_call {
    struct principal camera; /* first: the exchange's principal, for the log */
    struct http_exchange *x;
    struct api *api;
    struct sigv4_claim claim;
    struct sigv4_chain chain;
    const char *bucket, *key; /* "" when the path names none */
};

/* Verify the signature, make a call the exchange's principal and go on to the route's handler; else
 * answer. */
void s3_authenticate(struct http_exchange *x);

/* ---- answers ---- */
void s3_answer_error(struct http_exchange *x, enum s3_error e, const char *detail);
/* Takes the buffer's bytes; an overflow becomes InternalError. */
void s3_answer_xml(struct http_exchange *x, struct buf *b);
void s3_answer_empty(struct http_exchange *x, int status);
#define S3_XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define S3_XMLNS    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
/* <name>text</name>, escaped. */
void s3_xml_element(struct buf *b, const char *name, const char *text);
void s3_xml_time(struct buf *b, const char *name, int64_t us);
enum { S3_HTTP_DATE_SIZE = 32 };
void s3_http_date(int64_t us, char out[S3_HTTP_DATE_SIZE]);

/* ---- operations ---- */
typedef void s3_operation_fn(struct s3_call *c);
s3_operation_fn s3_list_buckets, s3_bucket_location, s3_head_bucket, s3_create_bucket,
    s3_list_objects, s3_head_object, s3_get_object, s3_put_object, s3_delete_object,
    s3_create_multipart, s3_upload_part, s3_complete_multipart, s3_abort_multipart, s3_list_parts,
    s3_list_multiparts;

/* The headers that PutObject, UploadPart and CreateMultipartUpload have in common. */
struct s3_body_params;
struct s3_promises { /* storage that s3_body_params points into */
    uint8_t md5[16], checksum[32];
};
/* How the body comes and what was promised about it; answers and returns false when that is not
 * possible. */
bool s3_read_body(struct s3_call *c, struct s3_promises *store, struct s3_body_params *ret_body);
/* The x-amz-meta- headers as lines, in the exchange's memory; NULL: answered. */
const char *s3_read_metadata(struct s3_call *c);
/* Is the key one that footage may have? Otherwise it answers and returns true. */
bool s3_refuse_key(struct s3_call *c);
const char *s3_content_type(struct s3_call *c);
/* What an upload that failed is told. */
struct upload_result;
void s3_answer_upload(struct http_exchange *x, const struct upload_result *r);
void s3_answer_body(struct http_exchange *x, int body_status);

#endif
