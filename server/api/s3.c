/* SPDX-License-Identifier: Apache-2.0 */
/* The S3 door's own table: S3 tells operations apart by method, by whether a key is named, and by a
 * "subresource" in the query. A bucket is a camera: its id, or "cam" for the one whose key it is.
 */
#include "api/s3.h"

#include <string.h>

enum level { SERVICE, BUCKET, OBJECT };

static const struct operation {
    enum http_method method;
    enum level level;
    const char *subresource; /* must be in the query; NULL: none of the others is */
    s3_operation_fn *run;
} operations[] = {
    {HTTP_GET, SERVICE, NULL, s3_list_buckets},
    {HTTP_GET, BUCKET, "location", s3_bucket_location},
    {HTTP_GET, BUCKET, "uploads", s3_list_multiparts},
    {HTTP_GET, BUCKET, NULL, s3_list_objects},
    {HTTP_HEAD, BUCKET, NULL, s3_head_bucket},
    {HTTP_PUT, BUCKET, NULL, s3_create_bucket},
    {HTTP_PUT, OBJECT, "uploadId", s3_upload_part},
    {HTTP_PUT, OBJECT, NULL, s3_put_object},
    {HTTP_POST, OBJECT, "uploads", s3_create_multipart},
    {HTTP_POST, OBJECT, "uploadId", s3_complete_multipart},
    {HTTP_HEAD, OBJECT, NULL, s3_head_object},
    {HTTP_GET, OBJECT, "uploadId", s3_list_parts},
    {HTTP_GET, OBJECT, NULL, s3_get_object},
    {HTTP_DELETE, OBJECT, "uploadId", s3_abort_multipart},
    {HTTP_DELETE, OBJECT, NULL, s3_delete_object},
};

/* Subresources of S3 that are not offered; other arguments (x-id, list-type ...) are no such. */
static const char *const not_offered[] = {
    "accelerate",     "acl",          "analytics",         "attributes",
    "cors",           "delete",       "encryption",        "intelligent-tiering",
    "inventory",      "legal-hold",   "lifecycle",         "logging",
    "metrics",        "notification", "object-lock",       "ownershipControls",
    "policy",         "policyStatus", "publicAccessBlock", "replication",
    "requestPayment", "restore",      "retention",         "select",
    "tagging",        "torrent",      "versioning",        "versions",
    "website",        "uploads",      "uploadId",          "location"};

static const struct operation *find(struct http_exchange *x, enum level level)
{
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        const struct operation *o = &operations[i];
        if (o->method == http_method(x) && o->level == level &&
            (o->subresource == NULL || http_query(x, o->subresource) != NULL)) {
            return o;
        }
    }
    return NULL;
}

static bool asks_for_more(struct http_exchange *x)
{
    for (size_t i = 0; i < ARRAY_LEN(not_offered); i++) {
        if (http_query(x, not_offered[i]) != NULL) {
            return true;
        }
    }
    return http_header(x, "x-amz-copy-source") != NULL ||
           http_header(x, "x-amz-server-side-encryption-customer-algorithm") != NULL ||
           http_header(x, "x-amz-object-lock-mode") != NULL;
}

/* "bucket/key" at the path below the mount; the key may be empty. */
static void split_path(struct s3_call *c)
{
    bool whole = strchr(http_route_of(c->x)->pattern, '{') == NULL; /* "/s3" */
    const char *path = whole ? "" : http_param(c->x, "path");
    size_t n = strcspn(path, "/");
    char *bucket = http_alloc(c->x, n + 1);
    memcpy(bucket, path, n);
    c->bucket = bucket;
    c->key = path[n] == '/' ? path + n + 1 : "";
}

static bool is_own(const struct s3_call *c)
{
    char id[ID_TEXT_SIZE];
    id_format(&c->camera.id, id);
    return strcmp(c->bucket, id) == 0 || strcmp(c->bucket, "cam") == 0;
}

API_HANDLER(api_s3)
{
    struct s3_call *c = http_principal(x); /* of s3_authenticate() */
    split_path(c);
    enum level level = c->bucket[0] == '\0' ? SERVICE : c->key[0] == '\0' ? BUCKET : OBJECT;
    const struct operation *o = find(c->x, level);
    if (level != SERVICE && !is_own(c)) {
        s3_answer_error(c->x, S3_AccessDenied,
                        "This key reaches one bucket only: its camera's (\"cam\", or its id).");
    } else if (o == NULL || (o->subresource == NULL && asks_for_more(c->x))) {
        s3_answer_error(c->x, S3_NotImplemented, NULL);
    } else {
        o->run(c);
    }
}

/* ---- the small ones ---- */
void s3_head_bucket(struct s3_call *c)
{
    http_add_header(c->x, "x-amz-bucket-region", "us-east-1");
    s3_answer_empty(c->x, 200);
}

/* The bucket is there: as Amazon answers in us-east-1. */
void s3_create_bucket(struct s3_call *c)
{
    http_add_header(c->x, "Location", http_path(c->x));
    s3_answer_empty(c->x, 200);
}

void s3_bucket_location(struct s3_call *c)
{
    struct buf b = BUF_INIT(1024);
    buf_str(&b, S3_XML_HEAD "<LocationConstraint " S3_XMLNS "/>");
    s3_answer_xml(c->x, &b);
}

/* An id begins with the milliseconds when it was made. */
static int64_t made_us(const struct id *id)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 6; i++) {
        ms = ms << 8 | id->b[i];
    }
    return ms * 1000;
}

void s3_list_buckets(struct s3_call *c)
{
    struct buf b = BUF_INIT(4096);
    char id[ID_TEXT_SIZE];
    id_format(&c->camera.id, id);
    buf_str(&b, S3_XML_HEAD "<ListAllMyBucketsResult " S3_XMLNS "><Owner>");
    s3_xml_element(&b, "ID", id);
    s3_xml_element(&b, "DisplayName", "camera");
    buf_str(&b, "</Owner><Buckets><Bucket>");
    s3_xml_element(&b, "Name", id);
    s3_xml_time(&b, "CreationDate", made_us(&c->camera.id));
    buf_str(&b, "</Bucket></Buckets></ListAllMyBucketsResult>");
    s3_answer_xml(c->x, &b);
}

void s3_get_object(struct s3_call *c)
{
    s3_answer_error(c->x, S3_AccessDenied,
                    "A camera's key only adds: it cannot read footage back.");
}

/* As everywhere a camera deletes: the tool is told yes, the footage stays its owner's. */
void s3_delete_object(struct s3_call *c)
{
    s3_answer_empty(c->x, 204);
}
