/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart uploads: parts wait in the spool, each checked like a PutObject's body, and become one
 * ordinary upload when the camera says that they are complete. Rows come before bodies and go after
 * them, so whatever a crash leaves is found by its row (s3_sweep). */
#ifndef INGEST_S3_PARTS_H
#define INGEST_S3_PARTS_H

#include "ingest/s3_body.h"
#include "ingest/s3_manifest.h"
#include "ingest/s3_object.h"
#include "ingest/upload.h"

enum {
    S3_PARTS_E_NO_UPLOAD = 1, /* not there, complete, or aborted */
    S3_PARTS_E_BODY,          /* see body_status */
    S3_PARTS_E_BROKEN,        /* the client left */
    S3_PARTS_E_FULL,          /* no room for more parts */
    S3_PARTS_E_TOO_LARGE,
    S3_PARTS_E_PART,   /* a part of the manifest is not there, or has another ETag */
    S3_PARTS_E_UPLOAD, /* see upload */
    S3_PARTS_E_BUSY,
    S3_PARTS_E_UNAVAILABLE
};
struct s3_parts_result {
    int status;
    int body_status;                    /* S3_BODY_E_ */
    const struct upload_result *upload; /* with S3_PARTS_E_UPLOAD */
    char etag[S3_ETAG_SIZE];
};
/* Exactly once, never before the call returned; r is borrowed. */
typedef void s3_parts_done_fn(void *arg, const struct s3_parts_result *r);

struct s3_upload_ref {
    struct ingest *in;
    const struct principal *camera;
    const char *key;
    struct id upload;
};

struct s3_part_params {
    struct s3_upload_ref ref; /* copied */
    uint32_t number;
    struct s3_body_params body; /* inner, done and arg are not looked at */
    void (*opened)(void *arg, struct sink *body, uint64_t max_bytes);
    s3_parts_done_fn *done;
    void *arg;
};
void s3_part_begin(const struct s3_part_params *p);

struct s3_complete_params {
    struct s3_upload_ref ref;
    struct s3_manifest manifest; /* taken over */
    const char *request_id;
    s3_parts_done_fn *done;
    void *arg;
};
void s3_complete_begin(const struct s3_complete_params *p);

void s3_abort_begin(const struct s3_upload_ref *ref, s3_parts_done_fn *done, void *arg);

/* Delete the bodies that an upload has in the way, then their rows; in the background. */
void s3_parts_clear(struct ingest *in, const struct id *camera, const struct id *upload);

#endif
