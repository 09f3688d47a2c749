/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart uploads: create, part, complete, abort and the two lists. */
#include "ingest/s3_parts.h"

#include "api/s3.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 4 << 20, PARTS_A_PAGE = 1000, COMPLETE_MS = 10 * 60 * 1000 };
enum { CHUNKED_SPARE_BYTES = 64 * 1024 };

static bool read_upload(struct s3_call *c, struct s3_upload_ref *ret_ref)
{
    const char *text = http_query(c->x, "uploadId");
    *ret_ref = (struct s3_upload_ref){.in = c->api->ingest, .camera = &c->camera, .key = c->key};
    if (text == NULL || id_parse(text, &ret_ref->upload) != 0) {
        s3_answer_error(c->x, S3_NoSuchUpload, NULL);
        return false;
    }
    return true;
}

static void answer_failure(struct http_exchange *x, const struct s3_parts_result *r)
{
    static const enum s3_error plain[] = {[S3_PARTS_E_NO_UPLOAD] = S3_NoSuchUpload,
                                          [S3_PARTS_E_BROKEN] = S3_RequestTimeout,
                                          [S3_PARTS_E_FULL] = S3_StorageFull,
                                          [S3_PARTS_E_TOO_LARGE] = S3_EntityTooLarge,
                                          [S3_PARTS_E_PART] = S3_InvalidPart,
                                          [S3_PARTS_E_BUSY] = S3_SlowDown,
                                          [S3_PARTS_E_UNAVAILABLE] = S3_ServiceUnavailable};
    if (r->status == S3_PARTS_E_BODY) {
        s3_answer_body(x, r->body_status);
    } else if (r->status == S3_PARTS_E_UPLOAD) {
        s3_answer_upload(x, r->upload);
    } else {
        s3_answer_error(x, plain[r->status], NULL);
    }
}

static void add_etag(struct http_exchange *x, const char *etag)
{
    char quoted[S3_ETAG_SIZE + 2];
    snprintf(quoted, sizeof quoted, "\"%s\"", etag);
    http_add_header(x, "ETag", quoted);
}

static void append_names(const struct s3_call *c, struct buf *b)
{
    s3_xml_element(b, "Bucket", c->bucket);
    s3_xml_element(b, "Key", c->key);
}

/* ---- CreateMultipartUpload ---- */
struct creation {
    struct s3_call *c;
    struct id upload;
};

static void created(void *arg, const struct db_reply *r)
{
    struct creation *n = arg;
    struct http_exchange *x = n->c->x;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        s3_answer_error(x, db_status(r) != 0 ? S3_ServiceUnavailable : S3_SlowDown,
                        db_status(r) != 0
                            ? NULL
                            : "Too many multipart uploads are open: complete or abort some.");
        return;
    }
    struct buf b = BUF_INIT(8192);
    char id[ID_TEXT_SIZE];
    id_format(&n->upload, id);
    buf_str(&b, S3_XML_HEAD "<InitiateMultipartUploadResult " S3_XMLNS ">");
    append_names(n->c, &b);
    s3_xml_element(&b, "UploadId", id);
    buf_str(&b, "</InitiateMultipartUploadResult>");
    s3_answer_xml(x, &b);
}

void s3_create_multipart(struct s3_call *c)
{
    if (s3_refuse_key(c)) {
        return;
    }
    const char *metadata = s3_read_metadata(c);
    if (metadata == NULL) {
        return;
    }
    struct creation *n = http_alloc(c->x, sizeof *n);
    *n = (struct creation){.c = c, .upload = id_new()};
    db_run(c->api->db, created, n, DB_S3_UPLOAD_CREATE, DB_ID(&n->upload), DB_ID(&c->camera.id),
           DB_TEXT(c->key), DB_TEXT(s3_content_type(c)), DB_TEXT(metadata), DB_I64(clock_now_us()));
}

/* ---- UploadPart ---- */
static void part_opened(void *arg, struct sink *body, uint64_t max_bytes)
{
    struct s3_call *c = arg;
    http_stream_body(c->x, body, 2 * max_bytes + CHUNKED_SPARE_BYTES);
}

static void part_done(void *arg, const struct s3_parts_result *r)
{
    struct s3_call *c = arg;
    if (r->status != 0) {
        answer_failure(c->x, r);
        return;
    }
    add_etag(c->x, r->etag);
    s3_answer_empty(c->x, 200);
}

void s3_upload_part(struct s3_call *c)
{
    struct s3_promises store;
    uint64_t number;
    const char *text = http_query(c->x, "partNumber");
    struct s3_part_params p = {.opened = part_opened, .done = part_done, .arg = c};
    if (!read_upload(c, &p.ref) || !s3_read_body(c, &store, &p.body)) {
        return;
    }
    if (text == NULL || str_parse_u64(text, S3_PARTS_MAX, &number) != 0 || number == 0) {
        s3_answer_error(c->x, S3_InvalidArgument, "partNumber must be 1 to 10000.");
    } else if (p.body.declared_bytes == 0) {
        s3_answer_error(c->x, S3_InvalidRequest, "A part may not be empty.");
    } else if (p.body.declared_bytes > c->api->ingest->upload_max_bytes) {
        s3_answer_error(c->x, S3_EntityTooLarge, NULL);
    } else {
        p.number = (uint32_t)number;
        s3_part_begin(&p);
    }
}

/* ---- CompleteMultipartUpload ---- */
static void completed(void *arg, const struct s3_parts_result *r)
{
    struct s3_call *c = arg;
    char etag[S3_ETAG_SIZE + 2];
    if (r->status != 0) {
        answer_failure(c->x, r);
        return;
    }
    struct buf b = BUF_INIT(8192);
    snprintf(etag, sizeof etag, "\"%s\"", r->etag);
    buf_str(&b, S3_XML_HEAD "<CompleteMultipartUploadResult " S3_XMLNS ">");
    s3_xml_element(&b, "Location", http_path(c->x));
    append_names(c, &b);
    s3_xml_element(&b, "ETag", etag);
    buf_str(&b, "</CompleteMultipartUploadResult>");
    s3_answer_xml(c->x, &b);
}

/* The list of parts is covered by the signature like any body. */
static bool is_genuine(const struct s3_call *c, const uint8_t *bytes, size_t n)
{
    uint8_t hash[SHA256_SIZE];
    sha256_of(bytes, n, hash);
    return c->claim.payload == SIGV4_UNSIGNED ||
           (c->claim.payload == SIGV4_HASHED &&
            bytes_equal(hash, c->claim.payload_sha256, SHA256_SIZE));
}

static void manifest_read(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n)
{
    struct s3_call *c = arg;
    struct s3_complete_params p = {.request_id = http_request_id(x), .done = completed, .arg = c};
    if (bytes == NULL || !read_upload(c, &p.ref)) {
        return;
    }
    if (!is_genuine(c, bytes, n)) {
        s3_answer_error(x, S3_XAmzContentSHA256Mismatch, NULL);
        return;
    }
    int r = s3_manifest_parse((const char *)bytes, n, &p.manifest);
    if (r != 0) {
        s3_answer_error(x, r == S3_MANIFEST_E_ORDER ? S3_InvalidPartOrder : S3_MalformedXML, NULL);
        return;
    }
    http_set_deadline(x, COMPLETE_MS);
    s3_complete_begin(&p);
}

void s3_complete_multipart(struct s3_call *c)
{
    http_read_body(c->x, S3_MANIFEST_BYTES_MAX, manifest_read, c);
}

/* ---- AbortMultipartUpload ---- */
static void aborted(void *arg, const struct s3_parts_result *r)
{
    struct s3_call *c = arg;
    if (r->status != 0) {
        answer_failure(c->x, r);
    } else {
        s3_answer_empty(c->x, 204);
    }
}

void s3_abort_multipart(struct s3_call *c)
{
    struct s3_upload_ref ref;
    if (read_upload(c, &ref)) {
        s3_abort_begin(&ref, aborted, c);
    }
}

/* ---- the lists ---- */
struct part_list {
    struct s3_call *c;
    uint64_t after, max;
};

static void append_part(struct buf *b, const struct db_reply *r, int i)
{
    buf_printf(b, "<Part><PartNumber>%lld</PartNumber>", (long long)db_i64(r, 1, i, 0));
    s3_xml_time(b, "LastModified", db_i64(r, 1, i, 4));
    buf_printf(b, "<ETag>&quot;%s&quot;</ETag><Size>%lld</Size></Part>", db_text(r, 1, i, 3),
               (long long)db_i64(r, 1, i, 2));
}

static void parts_listed(void *arg, const struct db_reply *r)
{
    struct part_list *l = arg;
    struct s3_call *c = l->c;
    bool found = db_status(r) == 0 && db_rows(r, 0) == 1 && db_is_null(r, 0, 0, 0);
    if (!found) {
        s3_answer_error(c->x, db_status(r) != 0 ? S3_ServiceUnavailable : S3_NoSuchUpload, NULL);
        return;
    }
    struct buf b = BUF_INIT(LIST_MAX), parts = BUF_INIT(LIST_MAX);
    uint64_t n = 0, last = l->after;
    int i = 0;
    for (; i < db_rows(r, 1) && n < l->max; i++) {
        uint64_t number = (uint64_t)db_i64(r, 1, i, 0);
        if (number > l->after) {
            append_part(&parts, r, i);
            last = number;
            n++;
        }
    }
    buf_str(&b, S3_XML_HEAD "<ListPartsResult " S3_XMLNS ">");
    append_names(c, &b);
    s3_xml_element(&b, "UploadId", http_query(c->x, "uploadId"));
    buf_printf(&b, "<PartNumberMarker>%llu</PartNumberMarker>", (unsigned long long)l->after);
    buf_printf(&b, "<NextPartNumberMarker>%llu</NextPartNumberMarker>", (unsigned long long)last);
    buf_printf(&b, "<MaxParts>%llu</MaxParts>", (unsigned long long)l->max);
    s3_xml_element(&b, "IsTruncated", i < db_rows(r, 1) ? "true" : "false");
    buf_append(&b, parts.data, parts.len);
    buf_str(&b, "</ListPartsResult>");
    buf_finish(&parts);
    s3_answer_xml(c->x, &b);
}

static bool read_number(struct s3_call *c, const char *name, uint64_t otherwise, uint64_t *ret)
{
    const char *text = http_query(c->x, name);
    *ret = otherwise;
    return text == NULL || str_parse_u64(text, INT32_MAX, ret) == 0;
}

void s3_list_parts(struct s3_call *c)
{
    struct s3_upload_ref ref;
    struct part_list *l = http_alloc(c->x, sizeof *l);
    l->c = c;
    if (!read_number(c, "part-number-marker", 0, &l->after) ||
        !read_number(c, "max-parts", PARTS_A_PAGE, &l->max)) {
        s3_answer_error(c->x, S3_InvalidArgument, NULL);
        return;
    }
    l->max = l->max < PARTS_A_PAGE ? l->max : PARTS_A_PAGE;
    if (read_upload(c, &ref)) {
        struct db_tx *tx = db_tx_begin(c->api->db);
        db_tx_add(tx, DB_S3_UPLOAD_GET, DB_ID(&ref.upload), DB_ID(&c->camera.id), DB_TEXT(c->key));
        db_tx_add(tx, DB_S3_PART_LIST, DB_ID(&ref.upload));
        db_tx_commit(tx, parts_listed, l);
    }
}

/* All there are: a camera has few. */
static void uploads_listed(void *arg, const struct db_reply *r)
{
    struct s3_call *c = arg;
    const char *prefix = http_query(c->x, "prefix");
    if (db_status(r) != 0) {
        s3_answer_error(c->x, S3_ServiceUnavailable, NULL);
        return;
    }
    struct buf b = BUF_INIT(LIST_MAX);
    buf_str(&b, S3_XML_HEAD "<ListMultipartUploadsResult " S3_XMLNS ">");
    s3_xml_element(&b, "Bucket", c->bucket);
    buf_str(&b, "<KeyMarker/><UploadIdMarker/><MaxUploads>1000</MaxUploads>"
                "<IsTruncated>false</IsTruncated>");
    for (int i = 0; i < db_rows(r, 0); i++) {
        char id[ID_TEXT_SIZE];
        struct id upload = db_id(r, 0, i, 1);
        if (prefix != NULL && !str_prefix(db_text(r, 0, i, 0), prefix)) {
            continue;
        }
        id_format(&upload, id);
        buf_str(&b, "<Upload>");
        s3_xml_element(&b, "Key", db_text(r, 0, i, 0));
        s3_xml_element(&b, "UploadId", id);
        s3_xml_time(&b, "Initiated", db_i64(r, 0, i, 2));
        buf_str(&b, "<StorageClass>STANDARD</StorageClass></Upload>");
    }
    buf_str(&b, "</ListMultipartUploadsResult>");
    s3_answer_xml(c->x, &b);
}

void s3_list_multiparts(struct s3_call *c)
{
    db_run(c->api->db, uploads_listed, c, DB_S3_UPLOAD_LIST, DB_ID(&c->camera.id));
}
